"""What a name of a framework means: a function of actfn, with parameters, and what else differs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from actfn.activation import Activation, of
from actfn.frameworks.calls import infinite, written
from actfn.frameworks.signature import Entry, title
from actfn.functions.declare import Kink


@dataclass(frozen=True, repr=False)
class Meaning:
    """The function of actfn that a framework's name stands for; call it for its value.

    Attributes
    ----------
    function : Activation
        The function with the parameters that make it equal: its derivatives, formula and plot are the usual members.
    framework : str or None
        ``"torch"``, ``"keras"``, ...; None where the name means the same in all of them.
    spelling : str
        The name in full: ``keras.layers.LeakyReLU``.
    layer : bool
        Whether that is a layer, which is made first and called then, and not a function.
    values : tuple of (str, value)
        The parameters, as in ``parameters``.
    notes : tuple of str
        Where it disagrees with actfn, or with a namesake in the same framework: defaults, derivative at a kink, constants.

    Examples
    --------
    >>> import actfn
    >>> found = actfn.lookup("LeakyReLU", framework="keras")
    >>> found, float(found(-10.0)), float(found.function.derivative(-10.0))
    (<keras.layers.LeakyReLU is actfn.leaky_relu(negative_slope=0.3)>, -3.0, 0.3)
    >>> dict(found.parameters), found.notes[0]
    ({'negative_slope': 0.3}, 'negative_slope is 0.3 by default, 0.01 in actfn')
    """

    function: Activation
    framework: str | None
    spelling: str
    layer: bool
    values: tuple[tuple[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of all parameters; for a function of rows or groups also the axis, or ``"all"`` for the whole array.

        None is a value that must be given.
        """
        return MappingProxyType(dict(self.values))

    @property
    def unknown(self) -> tuple[str, ...]:
        """The parameters that must be given."""
        return tuple(name for name, value in self.values if value is None)

    def __call__(self, x: Any, /, **keywords: Any) -> Any:
        """Return the function's value at x; keywords are those of the function.

        Raises
        ------
        TypeError
            If a parameter must be given and is not.
        """
        for name in self.unknown:
            if name not in keywords:
                raise TypeError(f"{self.spelling} leaves {name} open; give {name}=")
        axis = self.parameters.get("axis")
        if axis is None or "axis" in keywords:
            return self.function(x, **keywords)
        if axis == "all":
            import numpy as np

            array = np.asarray(x)
            return np.reshape(self.function(array.ravel(), **keywords), array.shape)
        return self.function(x, axis=axis, **keywords)

    def __repr__(self) -> str:
        return f"<{self.spelling} is {self.described}>"

    @property
    def described(self) -> str:
        """The function with all its parameters as text; one that must be given is a question mark.

        Examples
        --------
        >>> import actfn
        >>> actfn.lookup("nn.Softmax", "torch").described
        'actfn.softmax(axis=?)'
        """
        listed = [f"{name}={'?' if value is None else literal(value)}" for name, value in self.values]
        return f"actfn.{self.function.name}({', '.join(listed)})" if listed else f"actfn.{self.function.name}"

    def same(self, other: Meaning) -> bool:
        """Tell whether another meaning is the same function with the same parameters."""
        return (self.function, self.values) == (other.function, other.values)

    def __str__(self) -> str:
        return "\n".join([repr(self)[1:-1], *(f"  {note}" for note in self.notes)])


def meaning(entry: Entry, parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Meaning:
    """Return the meaning of a call with these parameters, of which some are defaults and the others given."""
    function = bound(entry, parameters)
    notes = (*_defaults(entry, parameters, given), *kink_notes(entry, function, parameters), *remarks(entry))
    path = entry.signature.path
    return Meaning(function, entry.framework, path, entry.signature.layer, tuple(parameters.items()), notes)


def bound(entry: Entry, parameters: Mapping[str, Any]) -> Activation:
    """Return the function with the parameters that are known and not its own defaults."""
    own = entry.declaration.parameters
    known = {name: parameters[name] for name in own if parameters[name] not in (None, own[name].default)}
    return of(entry.declaration).with_parameters(**known)


def remarks(entry: Entry) -> tuple[str, ...]:
    """Return what the declaration says of a spelling, but for numbers."""
    return tuple(text for text in (entry.spelling.differs, entry.spelling.note) if text)


def _defaults(entry: Entry, parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield each parameter whose default is another one than actfn's."""
    for argument, meant in entry.means.items():
        value, known = parameters[meant.parameter], entry.declaration.parameters.get(meant.parameter)
        own = -1 if known is None else known.default
        if argument not in given and value != own:
            name = argument if argument == meant.parameter else f"{argument}, which is {meant.parameter},"
            if value is None:
                yield f"{name} must be given"
            elif value == "all":
                yield f"{name} is None by default: the whole array is one row"
            elif own is None:
                yield f"{name} is {shown(value)} by default"
            else:
                yield f"{name} is {shown(value)} by default, {shown(own)} in actfn"


def kink_notes(entry: Entry, function: Activation, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield each kink at which the derivative is another one than actfn's."""
    for kink, how in zip(kinks(function), entry.spelling.kinks, strict=False):
        if None in parameters.values():
            words = _WORDS[how] if isinstance(how, str) else shown(how)
            yield f"its derivative at {shown(kink.x)} is {words}"
        elif (there := slope(kink, how)) != kink.chosen:
            yield f"its derivative at {shown(kink.x)} is {shown(there)}, actfn's {shown(kink.chosen)}"


_WORDS = {"left": "that from the left", "right": "that from the right", "sum": "the sum of those from both sides"}


def kinks(function: Activation) -> tuple[Kink, ...]:
    """Return the kinks of a function; one of rows or groups has none that could be listed."""
    return function.kinks if function.kind in ("elementwise", "stochastic") else ()


def slope(kink: Kink, how: str | float) -> float:
    """Return the derivative at a kink by the convention that a spelling states.

    Examples
    --------
    >>> slope(Kink(0.0, 0.25, 1.0, chosen=0.25), "right")
    1.0
    """
    if isinstance(how, str):
        return {"left": kink.left, "right": kink.right, "sum": kink.left + kink.right}[how]
    return how


def slopes(entry: Entry | None, function: Activation) -> tuple[tuple[float, float], ...]:
    """Return each kink and the derivative there, as a framework computes it; actfn's where no spelling is given."""
    found, how = kinks(function), entry.spelling.kinks if entry else ()
    there = (*how, *(None for _ in found[len(how) :]))
    return tuple(
        (kink.x, kink.chosen if one is None else slope(kink, one)) for kink, one in zip(found, there, strict=False)
    )


def shown(value: Any) -> str:
    """Return a value as people write it; one over a small whole number stays a fraction.

    Examples
    --------
    >>> shown(1 / 6), shown(0.3), shown(0.0), shown("strided")
    ('1/6', '0.3', '0', 'strided')
    """
    if not isinstance(value, float):
        return str(value)
    n = round(1 / value) if abs(value) > 0.01 else 0
    return f"1/{n}" if n > 2 and 1 / n == value and len(repr(value)) > 8 else f"{value:.6g}"


def literal(value: Any) -> str:
    """Return a value as code.

    Examples
    --------
    >>> literal(1 / 6), literal(0.3), literal("tanh"), literal(False)
    ('1/6', '0.3', '"tanh"', 'False')
    """
    if infinite(value):
        return str(infinite(value))
    return shown(value) if isinstance(value, float) and "/" in shown(value) else written(ast.Constant(value))


def prefixed(framework: str | None, notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return notes that begin with the framework's name."""
    return tuple(f"{title(framework)}: {note}" for note in notes)
