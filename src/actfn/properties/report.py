"""What is reported: a value with how it was found, all of them together, and their views."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from actfn.functions.declare import Interval


class Property(NamedTuple):
    """A value, and how it was found."""

    value: Any
    how: str


def primed(order: int) -> str:
    """Return f, f', f'', ..."""
    return "f" + "'" * order


class Line(NamedTuple):
    """The line ``slope x + intercept``."""

    slope: float
    intercept: float

    def __str__(self) -> str:
        if not self.slope:
            return f"y = {_short(self.intercept)}"
        rise = "x" if self.slope == 1 else f"{_short(self.slope)} x"
        return f"y = {rise} + {_short(self.intercept)}" if self.intercept else f"y = {rise}"


class Stretch(NamedTuple):
    """An interval on which the function is of one kind: increasing, convex, ..."""

    low: float
    high: float
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} on ({_short(self.low)}, {_short(self.high)})"


class Joint(NamedTuple):
    """A place where a derivative jumps: the lowest order that does (0: the function itself), and its one-sided limits."""

    x: float
    order: int
    left: float
    right: float

    def __str__(self) -> str:
        return f"{primed(self.order)} from {_short(self.left)} to {_short(self.right)} at {_short(self.x)}"


class Extremum(NamedTuple):
    """A local minimum or maximum; where the function is flat there, x is the interval."""

    x: float | Interval
    value: float
    kind: str
    is_global: bool

    def __str__(self) -> str:
        return f"{'global' if self.is_global else 'local'} {self.kind} {_short(self.value)} at {_short(self.x)}"


class Inflection(NamedTuple):
    """A place with a tangent where the function turns from convex to concave, or back."""

    x: float
    value: float
    slope: float

    def __str__(self) -> str:
        return f"({_short(self.x)}, {_short(self.value)}), slope {_short(self.slope)}"


class FixedPoint(NamedTuple):
    """A place, or an interval of places, where f(x) = x, and what iterating the function does beside it."""

    x: float | Interval
    kind: str

    def __str__(self) -> str:
        return f"{_short(self.x)} {self.kind}"


class Bound(NamedTuple):
    """The least upper bound of a magnitude, and where it is attained, or approached."""

    value: float
    at: tuple[float | Interval, ...]
    attained: bool

    def __str__(self) -> str:
        places = ", ".join(map(_short, self.at))
        return f"{_short(self.value)}, {'attained at' if self.attained else 'approached at'} {places}"


class Sides(NamedTuple):
    """Up to which number on the left, and from which number on the right, something holds; None where it never does."""

    left: float | None
    right: float | None

    def __str__(self) -> str:
        if self.left is not None and self.right is not None and self.left >= self.right:
            return "everywhere"
        sides = (("x <= ", self.left), ("x >= ", self.right))
        return " and ".join(f"{sign}{_short(end)}" for sign, end in sides if end is not None) or "nowhere"


@dataclass(frozen=True)
class Properties:
    """The properties of a function with its parameters; each is a :class:`Property` with ``value`` and ``how``.

    Numbers are the nearest float64 numbers to values known to 30 digits or more, save where ``how`` says otherwise.

    Attributes
    ----------
    subject : str
        The function with its parameters.
    domain, range : Property
        Intervals.
    left_limit, right_limit : Property
        The limits at minus and plus infinity, or at the ends of the domain.
    left_asymptote, right_asymptote : Property
        A Line, or None.
    monotonicity, monotone_on : Property
        In a word, and as Stretches.
    parity : Property
        ``"even"``, ``"odd"``, ``"even and odd"`` or ``"neither"``.
    convexity, convex_on : Property
        In a word, and as Stretches.
    smoothness : Property
        ``"C^0"``, ``"C^1"``, ..., ``"C^inf"``, or ``"discontinuous"``.
    joints : Property
        Where a derivative of any order jumps: Joints. The kinks are those of order 1.
    zeros, extrema, inflections, fixed_points : Property
        Numbers or Intervals, Extremums, Inflections, FixedPoints.
    lipschitz, derivative_lipschitz : Property
        Bounds of the magnitude of f' and f''.
    saturation : Property
        For each dtype the Sides beyond which \\|f'\\| is below its machine epsilon.
    exactly_constant, exactly_linear : Property
        For each dtype the Sides beyond which the computed value is that of the horizontal, or sloping, asymptote.
    mean, second_moment, variance, derivative_second_moment : Property
        E f(z), E f(z)^2, Var f(z) and E f'(z)^2 for a standard normal z.
    forward_gain, variance_gain, backward_gain : Property
        1 / sqrt(E f^2), 1 / sqrt(Var f) and 1 / sqrt(E f'^2).
    operations : Property
        How many elementary operations the kernels of value, first and second derivative have.
    """

    subject: str
    domain: Property
    range: Property
    left_limit: Property
    right_limit: Property
    left_asymptote: Property
    right_asymptote: Property
    monotonicity: Property
    monotone_on: Property
    parity: Property
    convexity: Property
    convex_on: Property
    smoothness: Property
    joints: Property
    zeros: Property
    extrema: Property
    inflections: Property
    fixed_points: Property
    lipschitz: Property
    derivative_lipschitz: Property
    saturation: Property
    exactly_constant: Property
    exactly_linear: Property
    mean: Property
    second_moment: Property
    variance: Property
    derivative_second_moment: Property
    forward_gain: Property
    variance_gain: Property
    backward_gain: Property
    operations: Property

    def __iter__(self) -> Iterator[tuple[str, Property]]:
        """Yield the name and the content of every property."""
        for field in dataclasses.fields(self)[1:]:
            yield field.name, getattr(self, field.name)

    def table(self) -> str:
        """Return every property as readable text: its name, its value, and how it was found.

        Examples
        --------
        >>> import actfn
        >>> for line in actfn.relu.properties().table().splitlines()[:4]:
        ...     print(line)
        function                  actfn.relu
        domain                    (-inf, inf)
                                  the formula is defined for every number
        range                     [0, inf)
        """
        lines = [f"{'function':26}{self.subject}"]
        for name, (value, how) in self:
            first, *rest = [*lines_of(value), how]
            lines += [f"{name.replace('_', ' '):26}{first}", *(f"{'':26}{line}" for line in rest)]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold; infinities are the strings "inf" and "-inf".

        Examples
        --------
        >>> import actfn
        >>> actfn.tanh.properties().as_dict()["range"]["value"]
        {'low': -1.0, 'high': 1.0, 'low_closed': False, 'high_closed': False}
        """
        found = {name: {"value": _plain(value), "how": how} for name, (value, how) in self}
        return {"function": self.subject, **found}

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{name.replace('_', ' ')}</th><td>{'<br>'.join(map(html.escape, lines_of(value)))}</td>"
            f"<td>{html.escape(how)}</td></tr>"
            for name, (value, how) in self
        )
        return f"<table><caption>{html.escape(self.subject)}</caption>{rows}</table>"


def _short(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def lines_of(value: Any) -> list[str]:
    """Return the value of a property as one or more lines of text."""
    if value is None:
        return ["none"]
    if isinstance(value, Mapping):
        return [f"{key}: {_short(item)}" for key, item in value.items()]
    if type(value) is tuple:
        return [_short(item) for item in value] or ["none"]
    return [_short(value)]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
