"""Sample an activation function, or a derivative of it, as a curve that may jump.

A derivative jumps wherever the function has a kink. Joining the samples on both sides would draw a slope that is not
there, so a curve is a sequence of pieces: each ends in its one-sided limits, and NaN separates the pieces at a jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actfn.lines import line_of

if TYPE_CHECKING:
    from actfn.activation import Activation

FloatArray = NDArray[np.float64]

INSET = 1e-9  # how far beside a jump its one-sided limits are read, as a share of the range
BISECTIONS = 60


@dataclass(frozen=True)
class Jump:
    """A place where a curve is discontinuous.

    Attributes
    ----------
    x : float
        Where it jumps.
    left, right : float
        The limits from the left and from the right.
    chosen : float
        The value at ``x`` itself.
    """

    x: float
    left: float
    right: float
    chosen: float


@dataclass(frozen=True)
class Curve:
    """A sampled curve.

    Attributes
    ----------
    order : int
        0 for the function, 1 and 2 for its derivatives.
    subject : str
        What was sampled, with its parameters.
    x, y : ndarray of float64
        The samples. NaN separates pieces between which the curve jumps.
    jumps : tuple of Jump
        The discontinuities, from left to right.
    """

    order: int
    subject: str
    x: FloatArray
    y: FloatArray
    jumps: tuple[Jump, ...]


def check_range(low: float, high: float) -> tuple[float, float]:
    """Return the range as floats; raise ValueError unless it is finite and not empty."""
    low, high = float(low), float(high)
    if not (np.isfinite(low) and np.isfinite(high) and np.isfinite(high - low)):
        raise ValueError(f"the range must be finite, not {low:g} to {high:g}")
    if not high - low > 1e-9 * max(abs(low), abs(high), 1e-100):
        raise ValueError(f"the range must run from a lower to a clearly higher number, not from {low!r} to {high!r}")
    return low, high


def check_orders(orders: Iterable[int]) -> tuple[int, ...]:
    """Return the orders as a tuple; raise ValueError unless they are distinct and among 0, 1 and 2."""
    orders = tuple(orders)
    if not orders or len(set(orders)) < len(orders) or not set(orders) <= {0, 1, 2}:
        raise ValueError(f"orders must be distinct and among 0, 1 and 2, not {orders!r}")
    return orders


def sample(
    activation: Activation,
    order: int = 0,
    low: float = -6.0,
    high: float = 6.0,
    samples: int = 1201,
    **parameters: Any,
) -> Curve:
    """Sample a function or a derivative of it.

    Elementwise functions are sampled as they are; a parameter without a default is drawn at its example. Softmax and its
    kin are drawn as the first component of the row ``(x, 0)``, maxout as the group ``(x, -x/2)``, gated functions by the gate.

    Parameters
    ----------
    activation : Activation
    order : int
        0, 1 or 2.
    low, high : float
        The range of x.
    samples : int
        About how many samples to take.
    **parameters
        The function's parameters.

    Returns
    -------
    Curve

    Raises
    ------
    ValueError
        For a bad range or order.

    Examples
    --------
    >>> import actfn
    >>> sample(actfn.relu, order=1).jumps
    (Jump(x=0.0, left=0.0, right=1.0, chosen=0.0),)
    """
    low, high = check_range(low, high)
    check_orders((order,))
    line, subject, slopes = line_of(activation, order, parameters)
    places = _places(line, low, high, samples, tuple(slopes))
    inset = INSET * (high - low)
    pieces = []
    for start, stop in pairwise(places):
        x = np.linspace(start, stop, max(2, round(samples * (stop - start) / (high - low))))
        y = line(x)
        inner = line(np.array([start + inset, stop - inset]))
        rounding = 1e-6 * _scale(y)
        for end, place, side in ((0, start, 1), (-1, stop, 0)):
            if order == 1 and place in slopes:
                y[end] = slopes[place][side]
            elif not abs(y[end] - inner[end]) <= rounding:
                y[end] = inner[end]
        pieces.append((x, y))
    xs, ys, jumps = [pieces[0][0]], [pieces[0][1]], []
    rounding = 1e-6 * max(_scale(y) for _, y in pieces)
    for x, y in pieces[1:]:
        left, right = float(ys[-1][-1]), float(y[0])
        if abs(right - left) > rounding:
            jumps.append(Jump(float(x[0]), left, right, float(line(x[:1])[0])))
            xs.append(x[:1])
            ys.append(np.array([np.nan]))
        xs.append(x)
        ys.append(y)
    return Curve(order, subject, np.concatenate(xs), np.concatenate(ys), tuple(jumps))


def _scale(y: FloatArray) -> float:
    """Return the largest magnitude."""
    return float(np.max(np.abs(y), initial=0.0, where=np.isfinite(y)))


def _places(
    line: Callable[[FloatArray], FloatArray], low: float, high: float, samples: int, declared: tuple[float, ...]
) -> list[float]:
    """Return low, every place where the curve may jump, and high.

    Beside the declared kinks these are the places that bisection finds: a steep but continuous curve flattens when
    the interval shrinks, a jump does not.
    """
    places = [place for place in declared if low < place < high]
    x = np.linspace(low, high, samples)
    y = line(x)
    step = np.abs(np.diff(y))
    steep = np.flatnonzero(step > 1e-3 * _scale(y))
    if not steep.size:
        return [low, *sorted(places), high]
    left, right, whole = x[steep], x[steep + 1], step[steep]
    for _ in range(BISECTIONS):
        middle = left + (right - left) / 2
        at_left, at_middle, at_right = line(left), line(middle), line(right)
        use_left = np.abs(at_middle - at_left) >= np.abs(at_right - at_middle)
        left, right = np.where(use_left, left, middle), np.where(use_left, middle, right)
    for found in (left + (right - left) / 2)[np.abs(line(right) - line(left)) > whole / 2]:
        even = round(float(found), 9)  # bisection ends beside the number that is meant
        place = even if abs(even - found) < 1e-14 * (high - low) else float(found)
        if all(abs(place - other) > 2 * INSET * (high - low) for other in (*places, low, high)):
            places.append(place)
    return [low, *sorted(places), high]
