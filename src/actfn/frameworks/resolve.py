"""Which function is that: find what a name means in a framework, or in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from actfn import catalogue
from actfn.catalogue import UnknownNameError
from actfn.frameworks.calls import Call, read, shortened
from actfn.frameworks.meaning import Meaning, meaning, prefixed
from actfn.frameworks.signature import ACTFN, Entry, bind, entries, framework_named, interpret, title
from actfn.functions.spelling import FRAMEWORKS

EVERYWHERE = (*FRAMEWORKS, ACTFN)


class AmbiguousNameError(ValueError):
    """A name means different functions.

    Attributes
    ----------
    meanings : tuple of Meaning
        All of them.
    """

    def __init__(self, message: str, meanings: tuple[Meaning, ...] = ()) -> None:
        super().__init__(message)
        self.meanings = meanings


def lookup(name: str, framework: str | None = None) -> Meaning:
    """Return the function of actfn that a name, or a call, of a framework means.

    The name may be short or a path (``"gelu"``, ``"F.gelu"``, ``"torch.nn.GELU"``, ``'ACT2FN["gelu_new"]'``), and may have
    arguments (``"LeakyReLU(negative_slope=0.1)"``), which are read and not run. Written exactly it means what bears it, so that a
    framework's layer ``LeakyReLU`` and its function ``leaky_relu`` stay apart; of two paths that end in the same name, the one
    that is the framework's usual activation counts, and a note names the other. Otherwise capitals and underscores do not matter.

    Parameters
    ----------
    name : str
    framework : str, optional
        ``"torch"``, ``"jax"``, ``"keras"``, ``"tensorflow"``, ``"flax"``, ``"onnx"``, ... or ``"actfn"``. Without one the name
        must mean the same wherever it exists; :func:`meanings` lists what it means where.

    Raises
    ------
    AmbiguousNameError
        If it means different functions, or one with different parameters; the error has the ``meanings``.
    UnknownNameError
        If nothing is called so; the message offers close names.
    ValueError
        If the framework is unknown, or the arguments do not fit.

    Examples
    --------
    >>> import actfn
    >>> actfn.lookup("gelu", framework="jax")
    <jax.nn.gelu is actfn.gelu_tanh>
    >>> actfn.lookup("leaky_relu", "keras"), actfn.lookup("LeakyReLU", "keras")
    (<keras.activations.leaky_relu is actfn.leaky_relu(negative_slope=0.2)>, <keras.layers.LeakyReLU is actfn.leaky_relu(negative_slope=0.3)>)
    >>> actfn.lookup('F.gelu(x, approximate="tanh")').function
    actfn.gelu_tanh
    """
    return resolve(read(name), None if framework is None else framework_named(framework)).meaning


def meanings(name: str) -> tuple[Meaning, ...]:
    """Return what a name means in every framework that has it, one meaning for each path; capitals and underscores do not matter.

    Raises
    ------
    UnknownNameError
        If no framework has it.
    ValueError
        If it has arguments that fit nowhere.

    Examples
    --------
    >>> import actfn
    >>> for meaning in actfn.frameworks.meanings("leaky_relu")[3:6]:
    ...     print(meaning)
    keras.activations.leaky_relu is actfn.leaky_relu(negative_slope=0.2)
      negative_slope is 0.2 by default, 0.01 in actfn
    keras.layers.LeakyReLU is actfn.leaky_relu(negative_slope=0.3)
      negative_slope is 0.3 by default, 0.01 in actfn
    keras.ops.leaky_relu is actfn.leaky_relu(negative_slope=0.2)
      negative_slope is 0.2 by default, 0.01 in actfn
    """
    return tuple(found.meaning for found in _everywhere(read(name), widely=True))


class Found(NamedTuple):
    """The spelling that a call fits, the arguments that it gives, the text of its input, and what it means."""

    entry: Entry
    given: Mapping[str, Any]
    input: str | None
    meaning: Meaning


def resolve(call: Call, framework: str | None) -> Found:
    """Return what a call means in a framework, or in all; the spelling is then that of the first.

    Raises
    ------
    AmbiguousNameError, UnknownNameError, ValueError
        As for :func:`lookup`.
    """
    if framework is None:
        everywhere = _everywhere(call)
        _agreeing(call, everywhere, "give the framework")
        return everywhere[0]._replace(meaning=_merged(call, everywhere))
    candidates, exact = _candidates(call, framework)
    if not candidates:
        raise UnknownNameError(_unknown(call, framework))
    found = list(_resolved(call, candidates))
    if not exact:
        _agreeing(call, found, "write it as the framework does")
    first = found[0].meaning
    return found[0]._replace(meaning=replace(first, notes=(*first.notes, *_namesakes(found[0]))))


def by_default(entry: Entry) -> Meaning | None:
    """Return what a spelling's path means without arguments; None if that is no function of actfn."""
    path = entry.signature.path
    same = [other for other in entries(entry.framework) if other.signature.path == path]
    try:
        return _by_path(Call(path, entry.signature.parts), same).meaning
    except ValueError:
        return None


def _agreeing(call: Call, found: Sequence[Found], advice: str) -> None:
    several = tuple(one.meaning for one in found)
    if not all(one.same(several[0]) for one in several):
        raise AmbiguousNameError(f"{_differing(call.path, several)}; {advice}", several)


def _merged(call: Call, found: Sequence[Found]) -> Meaning:
    """Return what all frameworks mean alike, with the notes of each."""
    first = found[0].meaning
    if len({one.meaning.spelling for one in found}) == 1 or len({one.meaning.framework for one in found}) == 1:
        return first
    notes = dict.fromkeys(note for one in found for note in prefixed(one.meaning.framework, one.meaning.notes))
    return replace(first, framework=None, spelling=call.path, layer=False, notes=tuple(notes))


def _everywhere(call: Call, widely: bool = False) -> list[Found]:
    found: list[Found] = []
    error: Exception | None = None
    for framework in EVERYWHERE:
        candidates, _ = _candidates(call, framework, widely)
        try:
            found += _resolved(call, candidates)
        except ValueError as misfit:
            error = error or misfit
    if found:
        return found
    raise error or UnknownNameError(_unknown(call, None))


def _candidates(call: Call, framework: str, widely: bool = False) -> tuple[list[list[Entry]], bool]:
    """Return the spellings that bear a name, those of one path together, and whether they bear it exactly."""
    if framework == ACTFN:
        return _own(call), True
    *before, last = call.parts
    known = [entry for entry in entries(framework) if _contains(entry.signature.parts[:-1], before)]
    for exact in (False,) if widely else (True, False):
        paths: dict[str, list[Entry]] = {}
        for entry in known:
            name = entry.signature.parts[-1]
            if name == last or (not exact and catalogue.key(name) == catalogue.key(last)):
                paths.setdefault(entry.signature.path, []).append(entry)
        if paths:
            return list(paths.values()), exact
    return [], False


def _own(call: Call) -> list[list[Entry]]:
    *before, last = call.parts
    try:
        declaration = catalogue.find(last)
    except UnknownNameError:
        return []
    return [[entry] for entry in entries(ACTFN) if entry.declaration is declaration and before in ([], [ACTFN])]


def _contains(path: tuple[str, ...], parts: list[str]) -> bool:
    """Tell whether the parts are in the path, in this order."""
    rest = iter(path)
    return all(part in rest for part in parts)


def _resolved(call: Call, candidates: list[list[Entry]]) -> Iterator[Found]:
    """Yield the meaning by each path; raise ValueError if the arguments fit by none."""
    error: ValueError | None = None
    some = False
    for entries_of_path in candidates:
        try:
            found = _by_path(call, entries_of_path)
        except ValueError as misfit:
            error = error or misfit
        else:
            some = True
            yield found
    if error is not None and not some:
        raise error


def _by_path(call: Call, candidates: list[Entry]) -> Found:
    """Return the meaning by a path: of the functions that it may be, the one that leaves the fewest parameters open."""
    error: ValueError | None = None
    for entry in sorted(candidates, key=lambda entry: len(entry.declaration.parameters)):
        try:
            given, source = bind(entry, call)
            parameters = interpret(entry, given)
        except ValueError as misfit:
            error = error or misfit
            continue
        if parameters is not None:
            return Found(entry, given, source, meaning(entry, parameters, given))
    path = candidates[0].signature.path
    raise error or ValueError(f"{path} is no function of actfn {_with(candidates, call)}")


def _with(candidates: list[Entry], call: Call) -> str:
    given, _ = bind(candidates[0], call)
    return "with " + ", ".join(f"{name}={value!r}" for name, value in given.items()) if given else "by default"


def _namesakes(found: Found) -> Iterator[str]:
    """Yield what the name means elsewhere in the same framework, where that is something else."""
    entry, chosen = found.entry, found.meaning
    if entry.framework == ACTFN or found.given:
        return
    last = catalogue.key(entry.signature.parts[-1])
    alike = {
        one.signature.path: one for one in entries(entry.framework) if catalogue.key(one.signature.parts[-1]) == last
    }
    for path, one in alike.items():
        other = by_default(one)
        if other is not None and not other.same(chosen):
            yield f"{path} is {other.described}"


def _differing(name: str, found: tuple[Meaning, ...]) -> str:
    """Return what a name means in which frameworks, as a sentence."""
    where: dict[str, dict[str, None]] = {}
    for one in found:
        alone = len({other.described for other in found if other.framework == one.framework}) == 1
        where.setdefault(one.described, {})[title(one.framework) if alone else one.spelling] = None
    listed = [f"{described} ({', '.join(places)})" for described, places in where.items()]
    return f"{shortened(name)!r} means {', '.join(listed[:-1])} and {listed[-1]}"


def _unknown(call: Call, framework: str | None) -> str:
    """Return the sentence for a name that nothing bears, with close names."""
    known: dict[str, Any] = {}
    for place in EVERYWHERE if framework is None else (framework,):
        for entry in entries(place):
            known.setdefault(catalogue.key(entry.signature.parts[-1]), entry.signature.parts[-1])
    name = shortened(call.path)
    if framework is not None and (elsewhere := _instead(call, framework)):
        return f"{title(framework)} has no activation function called {name!r}; {elsewhere}"
    close = get_close_matches(catalogue.key(call.parts[-1]), known, n=3)
    hint = f"did you mean {' or '.join(known[one] for one in close)}?" if close else "actfn.names() lists what there is"
    return f"there is no activation function called {name!r} in {title(framework) if framework else 'any framework'}; {hint}"


def _instead(call: Call, framework: str) -> str:
    """Return how a framework spells the function that actfn knows by a name."""
    own = _own(Call(call.path, call.parts[-1:]))
    if not own:
        return ""
    declaration = own[0][0].declaration
    paths = dict.fromkeys(entry.signature.path for entry in entries(framework) if entry.declaration is declaration)
    if not paths:
        return f"it has no actfn.{declaration.name} under any name"
    return f"the nearest to actfn.{declaration.name} is {' or '.join(paths)}"
