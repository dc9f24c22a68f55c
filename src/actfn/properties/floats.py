"""From which float on the computed value is that of the asymptote: found on the floats themselves, with the kernels."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np

from actfn.accuracy.formats import FORMATS, Format, rounded
from actfn.activation import Activation
from actfn.properties.curve import Curve
from actfn.properties.piece import fraction
from actfn.properties.report import Property, Sides
from actfn.properties.tails import Asymptote, line

# How many floats next to the one that was found, and farther away, are tried.
NEXT, SPREAD = 512, 128
# After so many floats that were found in vain the steps grow.
PATIENCE = 8


def exactness(activation: Activation, curve: Curve) -> tuple[Property, Property]:
    """Return where the computed value is exactly constant, and where it is exactly a sloping line, for each dtype."""
    lines = {side: line(curve, side) for side in (-1, 1)}
    constant: dict[str, Sides] = {}
    linear: dict[str, Sides] = {}
    missing = ""
    for name, form in FORMATS.items():
        try:
            last = largest(form)
        except ModuleNotFoundError as error:
            missing = f"; {error}"
            continue
        for found, flat in ((constant, True), (linear, False)):
            places = (
                None if one.slope is None or (one.slope == 0) != flat else first(activation, form, one, side, last)
                for side, one in lines.items()
            )
            found[name] = Sides(*places)
    how = f"bisection on the floats with the kernel; the next {NEXT} floats and {SPREAD} beyond agree too{missing}"
    return Property(constant, how), Property(linear, how)


def largest(form: Format) -> int:
    """Return the place of the largest finite float of a format."""
    size = 2.0**form.largest_exponent * (2 - 2.0 ** (1 - form.digits))
    return int(np.array([size], form.dtype).view(form.bits)[0])


def first(activation: Activation, form: Format, target: Asymptote, side: int, last: int) -> float | None:
    """Return the float from which on (to the right for side 1) the kernel's value is the line, rounded; None if none is."""

    def failures(ordinals: list[int]) -> list[int]:
        """Return those, of floats counted away from zero to the side, at which the value is not on the line."""
        x = [_float(side * ordinal, form) for ordinal in ordinals]
        values = np.asarray(activation(np.array(x, form.dtype)), np.float64)
        return [o for o, point, y in zip(ordinals, x, values.tolist()) if y != _on_line(point, target, form)]

    def agrees(ordinal: int) -> bool:
        return not failures([ordinal])

    if not agrees(last):
        return None
    found = _bisected(agrees, 0, last)
    if found == 1 and agrees(0):
        # On this side of zero everything agrees.
        found = _bisected(agrees, -last - 1, 0)
    for attempt in count():
        spread = {found + round((last - found) * (step / SPREAD) ** 3) for step in range(SPREAD)}
        wrong = failures(sorted(spread | set(range(found, min(found + NEXT, last) + 1))))
        if not wrong:
            return _float(side * found, form)
        found = _bisected(agrees, max(wrong), last)
        if attempt >= PATIENCE:
            # What is next to nothing beside a line changes its rounding now and then, and ever more seldom: go on in longer steps.
            found = min(found + (NEXT << (attempt - PATIENCE)), last)
    raise AssertionError


def _bisected(agrees: Callable[[int], bool], low: int, high: int) -> int:
    """Return the lowest number that agrees, where all above it do; the low end does not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if agrees(middle) else (middle, high)
    return high


def _on_line(x: float, target: Asymptote, form: Format) -> float:
    return rounded(*fraction(target.slope * x + target.intercept), form)


def _float(ordinal: int, form: Format) -> float:
    """Return the float with a place among all of its format, counted from 0."""
    size = float(np.array([abs(ordinal)], form.bits).view(form.dtype)[0])
    return size if ordinal >= 0 else -size
