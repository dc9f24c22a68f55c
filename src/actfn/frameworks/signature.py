"""What a framework's call takes: the signature in a declaration, and the arguments that somebody gives for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

from actfn import catalogue
from actfn.frameworks.calls import Call, infinite, number_or_word, read, written
from actfn.functions.declare import Declaration
from actfn.functions.spelling import FRAMEWORKS, Argument, Spelling

ACTFN = "actfn"
# Neither changes which function it is.
ALWAYS_IGNORED = frozenset({"inplace", "name", "dtype"})


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Signature:
    """The call of a spelling.

    Attributes
    ----------
    path : str
        What is called, as code.
    parts : tuple of str
        The names of the path.
    layer : bool
        Whether it is made first and called then.
    input : str
        The name of the input.
    arguments : mapping of str to value
        Every argument but the input, with its default, or ``REQUIRED``.
    """

    path: str
    parts: tuple[str, ...]
    layer: bool
    input: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A spelling of a declared function in a framework."""

    framework: str
    declaration: Declaration
    spelling: Spelling

    @property
    def signature(self) -> Signature:
        """The signature of its call."""
        return signature(self.spelling.call)

    @property
    def means(self) -> Mapping[str, Argument]:
        """Which parameter each argument is, of those that are one."""
        own = {*self.declaration.parameters, *(("axis",) if self.declaration.along_axis else ())}
        found = {}
        for argument in self.signature.arguments:
            meant = self.spelling.means.get(argument, argument if argument in own else None)
            left_out = argument in self.spelling.ignores or argument in self.spelling.requires
            if meant is not None and not left_out:
                found[argument] = Argument(meant) if isinstance(meant, str) else meant
        return MappingProxyType(found)

    @property
    def fixed(self) -> dict[str, Any]:
        """The parameters with the values that they have where no argument sets them."""
        values = {name: parameter.default for name, parameter in self.declaration.parameters.items()}
        if self.declaration.along_axis:
            values["axis"] = -1
        return {**values, **self.spelling.values}


@cache
def signature(call: str) -> Signature:
    """Return the signature that the text of a spelling states.

    Examples
    --------
    >>> found = signature("torch.nn.functional.leaky_relu(input, negative_slope=0.01, inplace=False)")
    >>> found.parts[-1], found.input, dict(found.arguments)
    ('leaky_relu', 'input', {'negative_slope': 0.01, 'inplace': False})
    """
    stated = read(call)
    layer = stated.applied is not None
    names = [written(one) for one in ((stated.applied,) if stated.applied else ()) + stated.positional]
    required = dict.fromkeys(names[1:], REQUIRED)
    defaults = {name: number_or_word(value) for name, value in stated.keywords}
    return Signature(stated.path, stated.parts, layer, names[0], MappingProxyType({**required, **defaults}))


def entries(framework: str) -> Iterator[Entry]:
    """Yield every spelling of a framework; recipes and layers that do more are none."""
    for declaration in catalogue.declarations():
        spelt = (own_spelling(declaration),) if framework == ACTFN else declaration.names.get(framework, ())
        yield from (Entry(framework, declaration, one) for one in spelt if not (one.recipe or one.part))


def own_spelling(declaration: Declaration) -> Spelling:
    """Return how actfn itself spells a function."""
    defaults = {name: parameter.default for name, parameter in declaration.parameters.items()}
    if declaration.along_axis:
        defaults["axis"] = -1
    listed = "".join(f", {name}={infinite(value) or repr(value)}" for name, value in defaults.items())
    return Spelling(f"actfn.{declaration.name}(x{listed})")


def bind(entry: Entry, call: Call) -> tuple[dict[str, Any], str | None]:
    """Return the values of the arguments that a call gives, and the text of its input, if it has one.

    Raises
    ------
    ValueError
        If the call does not fit.
    """
    taken, positional = entry.signature, list(call.positional)
    given: dict[str, ast.expr] = {}
    source = call.applied
    if not taken.layer:
        if call.applied is not None:
            raise ValueError(f"{taken.path} is a function: it takes its input as its first argument")
        if positional:
            source = positional.pop(0)
            if isinstance(source, ast.Constant):
                first = next(iter(entry.means), None)
                hint = f"; write {first}={written(source)}" if first else ""
                raise ValueError(f"the first argument of {taken.path} is its input, not {written(source)}{hint}")
    if len(positional) > len(taken.arguments):
        raise ValueError(f"{taken.path} takes {_counted(taken)}, got {len(positional)}")
    given = dict(zip(taken.arguments, positional, strict=False))
    for name, value in call.keywords:
        name = entry.spelling.renamed.get(name, name)
        if name == taken.input and not taken.layer and source is None:
            source = value
        elif name in given:
            raise ValueError(f"{taken.path}: the argument {name} is given twice")
        elif name in taken.arguments:
            given[name] = value
        elif name not in ALWAYS_IGNORED:
            raise ValueError(_unknown(taken, name))
    read_by = entry.means
    ignored = ALWAYS_IGNORED.union(entry.spelling.ignores)
    wanted = {name: value for name, value in given.items() if name not in ignored}
    values = {name: _value(value, read_by.get(name), taken.path, name) for name, value in wanted.items()}
    return values, None if source is None else written(source)


def _counted(taken: Signature) -> str:
    names = [name for name in taken.arguments if name not in ALWAYS_IGNORED]
    if not names:
        return "no arguments" if taken.layer else "nothing but its input"
    return ", ".join(names) if taken.layer else f"its input, {', '.join(names)}"


def _unknown(taken: Signature, name: str) -> str:
    close = get_close_matches(name, taken.arguments, n=1)
    return f"{taken.path} has no argument {name!r}; " + (
        f"did you mean {close[0]}?" if close else f"it takes {_counted(taken)}"
    )


def _value(node: ast.expr, argument: Argument | None, path: str, name: str) -> Any:
    # The value may be wrapped as the framework wants it: an initializer, a tensor.
    while argument and argument.template != "{}" and isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    try:
        return number_or_word(node)
    except ValueError as error:
        raise ValueError(f"{path}: {name}: {error}") from None


def interpret(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the parameters of the function that a call with these arguments is, or None if it is another function.

    Raises
    ------
    ValueError
        If the value of a parameter is no number.
    """
    values, means = entry.fixed, entry.means
    for name, default in entry.signature.arguments.items():
        value = given.get(name, default)
        if name in entry.spelling.requires:
            wanted = entry.spelling.requires[name]
            if not _same(value, *(wanted if isinstance(wanted, tuple) else (wanted,))):
                return None
        elif name in means:
            values[means[name].parameter] = _parameter(entry, name, value, means[name])
        elif name not in ALWAYS_IGNORED and name not in entry.spelling.ignores and not _same(value, default):
            return None
    return values


def first(value: Any) -> Any:
    """Return the first of the values that an argument may have, or the only one."""
    return value[0] if isinstance(value, tuple) else value


def _same(value: Any, *others: Any) -> bool:
    """Tell whether a value is one of some, where True is not 1."""
    return any(isinstance(value, bool) == isinstance(other, bool) and value == other for other in others)


def _parameter(entry: Entry, name: str, value: Any, argument: Argument) -> Any:
    if value is REQUIRED:
        return None
    if (value is None or isinstance(value, str)) and value in argument.words:
        return argument.words[value]
    known = entry.declaration.parameters.get(argument.parameter)
    word = known is not None and isinstance(known.default, str)
    if isinstance(value, bool) or (isinstance(value, str) and not word):
        raise ValueError(f"{entry.signature.path}: {name} must be a number, got {value!r}")
    return value


def title(framework: str | None) -> str:
    """Return a framework's name as people write it."""
    return ACTFN if framework is None or framework == ACTFN else FRAMEWORKS[framework].title


def framework_named(text: str) -> str:
    """Return the framework with a name or alias, in any case, with or without punctuation.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is unknown; the message offers close names.

    Examples
    --------
    >>> framework_named("PyTorch"), framework_named("tf.nn"), framework_named("x-transformers")
    ('torch', 'tensorflow', 'x_transformers')
    """
    if not isinstance(text, str):
        raise TypeError(f"a framework's name is a string, not {type(text).__name__} {text!r}")
    known = {catalogue.key(ACTFN): ACTFN}
    for name, framework in FRAMEWORKS.items():
        known |= {catalogue.key(one): name for one in (name, framework.title, *framework.aliases)}
    wanted = catalogue.key(text)
    if wanted in known:
        return known[wanted]
    close = dict.fromkeys(known[match] for match in get_close_matches(wanted, known, n=2))
    hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join((*FRAMEWORKS, ACTFN))}"
    raise ValueError(f"framework {text!r} is unknown; {hint}")
