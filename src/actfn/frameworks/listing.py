"""Every name that is declared: the rows of one function, and the table of all functions and frameworks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from actfn import catalogue
from actfn.activation import Activation
from actfn.frameworks.calls import read
from actfn.frameworks.meaning import bound, kink_notes, literal, remarks, shown
from actfn.frameworks.signature import ALWAYS_IGNORED, REQUIRED, Entry, first, interpret, title
from actfn.functions.declare import Declaration


class Row(NamedTuple):
    """A spelling of a function: the framework's name, the call with the framework's defaults, and remarks."""

    framework: str
    code: str
    remarks: tuple[str, ...]


def rows(function: Activation) -> tuple[Row, ...]:
    """Return how each framework spells a function.

    Examples
    --------
    >>> import actfn
    >>> for row in actfn.frameworks.rows(actfn.gelu_tanh)[:3]:
    ...     print(row.framework, row.code, row.remarks)
    PyTorch torch.nn.functional.gelu(input, approximate="tanh") ('by default approximate="none"',)
    PyTorch torch.nn.GELU(approximate="tanh") ('by default approximate="none"',)
    JAX jax.nn.gelu(x, approximate=True) ()
    """
    declaration = catalogue.find(function.name)
    return tuple(
        Row(title(framework), _code(entry), tuple(_remarks(entry)))
        for framework, spelt in declaration.names.items()
        for entry in (Entry(framework, declaration, spelling) for spelling in spelt)
    )


def texts(function: Activation) -> Mapping[str, str]:
    """Return the rows of each framework as one text."""
    found: dict[str, list[str]] = {}
    for row in rows(function):
        remarks = f" ({'; '.join(row.remarks)})" if row.remarks else ""
        found.setdefault(row.framework, []).append(f"{row.code}{remarks}")
    return MappingProxyType({framework: ", ".join(several) for framework, several in found.items()})


def matrix() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return, for every function and framework, what the framework calls the function; recipes are no names.

    Examples
    --------
    >>> import actfn
    >>> table = actfn.frameworks.matrix()
    >>> table["elu"]["mlx"], "mlx" in table["logit"]
    (('mlx.nn.elu', 'mlx.nn.ELU'), False)
    """
    return {declaration.name: dict(_paths(declaration)) for declaration in catalogue.declarations()}


def _paths(declaration: Declaration) -> Iterator[tuple[str, tuple[str, ...]]]:
    for framework, spelt in declaration.names.items():
        named = [read(one.call).path for one in spelt if not one.recipe]
        if named:
            yield framework, tuple(dict.fromkeys(named))


def _code(entry: Entry) -> str:
    if entry.spelling.recipe or entry.spelling.part:
        return entry.spelling.call
    signature, required = entry.signature, entry.spelling.requires
    arguments = [] if signature.layer else [signature.input]
    for name, default in signature.arguments.items():
        if name in ALWAYS_IGNORED:
            continue
        value = first(required.get(name, default))
        arguments.append(name if value is REQUIRED else f"{name}={literal(value)}")
    return f"{signature.path}({', '.join(arguments)})"


def _remarks(entry: Entry) -> Iterator[str]:
    if entry.spelling.recipe:
        yield "written out, for want of a function"
        if set_otherwise := entry.spelling.values:
            yield "for " + " and ".join(f"{name} = {value}" for name, value in set_otherwise.items())
        return
    if entry.spelling.part:
        yield entry.spelling.part
        return
    arguments = entry.signature.arguments
    for name, value in entry.spelling.requires.items():
        default = arguments[name]
        if default is not REQUIRED and default != first(value):
            yield f"by default {name}={literal(default)}"
    settable = {argument.parameter for argument in entry.means.values()}
    fixed = {name: entry.fixed[name] for name in entry.declaration.parameters if name not in settable}
    if known := [f"{name} = {shown(value)}" for name, value in fixed.items() if value is not None]:
        yield f"for {' and '.join(known)} only"
    parameters = interpret(entry, {name: first(value) for name, value in entry.spelling.requires.items()})
    if parameters is not None:
        yield from kink_notes(entry, bound(entry, parameters), parameters)
    yield from remarks(entry)
