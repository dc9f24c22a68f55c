"""Write a framework's activation function as code of another framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actfn.frameworks.calls import read
from actfn.frameworks.code import own, recipe, write
from actfn.frameworks.meaning import Meaning, kink_notes, prefixed, remarks, shown, slopes
from actfn.frameworks.resolve import Found, by_default, resolve
from actfn.frameworks.signature import ACTFN, Entry, entries, framework_named, title


@dataclass(frozen=True)
class Translation:
    """The code that computes the same function in another framework; as text it is the code.

    Attributes
    ----------
    code : str
        An expression; its input is ``x`` unless the translated call has one.
    meaning : Meaning
        What the translated name means.
    target : str
        The framework of the code.
    native : bool
        Whether the framework has the function; otherwise the code writes it out, or is actfn's.
    exact : bool
        Whether the values are the same, but for rounding.
    notes : tuple of str
        Where the two disagree: defaults, derivatives at kinks, constants.
    """

    code: str
    meaning: Meaning
    target: str
    native: bool
    exact: bool
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.code


def translate(call: str, source: str | None = None, target: str = ACTFN) -> Translation:
    """Return the code that is an activation function of one framework in another.

    Whatever matters is written out, so that no default of the target decides. A layer becomes a layer where the target has one.

    Parameters
    ----------
    call : str
        A name or a call, as for :func:`lookup`: ``"LeakyReLU"``, ``"F.elu(h, 0.5)"``. It is read and not run.
    source : str, optional
        The framework that it comes from; it may be left out where the name means one thing only.
    target : str
        The framework to write for; actfn itself by default.

    Raises
    ------
    AmbiguousNameError, UnknownNameError, ValueError
        As for :func:`lookup`; also for a target that is unknown.

    Examples
    --------
    >>> import actfn
    >>> print(actfn.translate("LeakyReLU", "keras", "torch"))
    torch.nn.LeakyReLU(negative_slope=0.3)
    >>> print(actfn.translate("gelu", source="jax", target="torch"))
    torch.nn.functional.gelu(x, approximate="tanh")
    >>> found = actfn.translate("tf.nn.swish(h, beta=2.0)", "tensorflow", "torch")
    >>> print(found, found.native, found.exact, found.notes[0], sep="; ")
    h * torch.sigmoid(2.0 * h); False; True; PyTorch has no function for actfn.swish(beta=2.0): this writes it out
    """
    wanted = framework_named(target)
    found = resolve(read(call), None if source is None else framework_named(source))
    meant, declaration = found.meaning, found.entry.declaration
    layer = found.entry.signature.layer
    if wanted == ACTFN:
        code = own(declaration, meant.parameters, found.input, ACTFN, layer)
        notes = (*_kinks(found, None), *prefixed(meant.framework, remarks(found.entry)))
        return Translation(code, meant, wanted, True, not found.entry.spelling.differs, notes)
    used, native = _native(found, wanted)
    if used is not None:
        notes = tuple(_disagreements(found, used))
        exact = used.spelling.differs == found.entry.spelling.differs
        return Translation(native, meant, wanted, True, exact, notes)
    ours = own(declaration, meant.parameters, found.input, wanted, layer)
    exact = not found.entry.spelling.differs
    for spelling in declaration.names.get(wanted, ()):
        entry = Entry(wanted, declaration, spelling)
        written_out = recipe(entry, meant.parameters, found.input) if spelling.recipe else None
        if written_out is not None:
            absent = f"{title(wanted)} has no function for {meant.described}: this writes it out"
            return Translation(written_out, meant, wanted, False, exact, (absent, f"in actfn: {ours}", *_source(found)))
    absent = f"{title(wanted)} has no exact equivalent of {meant.described}: this is actfn's own"
    return Translation(ours, meant, wanted, False, exact, (absent, *_kinks(found, None), *_source(found)))


def _native(found: Found, wanted: str) -> tuple[Entry | None, str]:
    """Return the spelling of a framework that is nearest to the one found, and the code."""
    written = []
    for entry in entries(wanted):
        if entry.declaration is found.entry.declaration:
            code = write(entry, found.meaning.parameters, found.input, found.entry.signature.layer)
            if code is not None:
                other_values = entry.spelling.differs != found.entry.spelling.differs
                other_form = entry.signature.layer != found.entry.signature.layer
                written.append(((other_values, other_form), entry, code))
    if not written:
        return None, ""
    _, entry, code = min(written, key=lambda one: one[0])
    return entry, code


def _disagreements(found: Found, used: Entry) -> Iterator[str]:
    """Yield where the call found and the spelling used for it disagree."""
    default = None if found.given else by_default(used)
    if default is not None and not default.same(found.meaning):
        yield f"by default {default.spelling} is {default.described}"
    yield from _kinks(found, used)
    yield from _source(found)
    yield from prefixed(used.framework, remarks(used))


def _source(found: Found) -> Iterator[str]:
    for name in found.meaning.unknown:
        yield f"{name} must be given"
    yield from prefixed(found.entry.framework, remarks(found.entry))


def _kinks(found: Found, used: Entry | None) -> Iterator[str]:
    """Yield each kink at which the derivatives disagree."""
    function, parameters = found.meaning.function, found.meaning.parameters
    if found.meaning.unknown:
        for entry in (found.entry, used):
            if entry is not None:
                yield from prefixed(entry.framework, tuple(kink_notes(entry, function, parameters)))
        return
    places = title(found.entry.framework), title(used.framework if used else ACTFN)
    for (x, before), (_, after) in zip(slopes(found.entry, function), slopes(used, function), strict=True):
        if before != after:
            yield f"the derivative at {shown(x)} is {shown(before)} in {places[0]}, {shown(after)} in {places[1]}"
