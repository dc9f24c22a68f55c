"""How a curve ends, and how steep it gets: limits, asymptotes, bounds of a derivative, saturation."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import mpmath

from actfn.accuracy.formats import FORMATS
from actfn.functions.declare import Interval
from actfn.properties.curve import Curve
from actfn.properties.piece import X, between, limit, nearest, number
from actfn.properties.report import Bound, Line, Property, Sides, primed
from actfn.properties.roots import HOW, distinct, level, stationary
from actfn.properties.shape import interval, joints, same

# 30 digits.
CLOSE_ENOUGH = mpmath.mpf(2) ** -100


class Asymptote(NamedTuple):
    """Slope and intercept of an asymptote, each None if there is none, and how they were found."""

    slope: Any
    intercept: Any
    how: str


def end_limit(curve: Curve, side: int) -> Property:
    """Return the limit at minus (side -1) or plus infinity (side 1), or at that end of the domain."""
    piece = curve.pieces[0 if side < 0 else -1]
    if mpmath.isinf(piece.low if side < 0 else piece.high):
        _, value, how = limit(piece.expression, side)
    else:
        value, how = piece.end(side), "limit at the end of the domain"
    return Property(None if mpmath.isnan(value) else nearest(value), how)


def line(curve: Curve, side: int) -> Asymptote:
    """Return the asymptote at minus (side -1) or plus infinity (side 1)."""
    piece = curve.pieces[0 if side < 0 else -1]
    if not mpmath.isinf(piece.low if side < 0 else piece.high):
        return Asymptote(None, None, "the domain ends")
    if piece.is_constant(1):
        slope = piece.derivative(1)
        return Asymptote(number(slope), number(piece.expression.subs(X, 0)), "the formula is a line there")
    slope, value, how = limit(piece.expression / X, side)
    if not mpmath.isfinite(value):
        return Asymptote(None, None, f"f(x) / x: {how}" if mpmath.isnan(value) else "f(x) / x is not bounded")
    _, intercept, how = limit(piece.expression - slope * X, side)
    rest = f"f(x) - {'' if slope == 1 else f'{slope} '}x" if slope != 0 else "f(x)"
    if not mpmath.isfinite(intercept):
        return Asymptote(None, None, f"{rest} has no finite limit")
    return Asymptote(value, intercept, f"limits of f(x) / x and {rest}; {how}")


def asymptote(curve: Curve, side: int) -> Property:
    """Return the asymptote on a side as a Line, or None."""
    slope, intercept, how = line(curve, side)
    return Property(None if slope is None else Line(nearest(slope), nearest(intercept)), how)


def bound(curve: Curve, order: int) -> Property:
    """Return the least upper bound of a derivative's magnitude, and where it is attained."""
    jumps = tuple(joint.x for joint in joints(curve) if joint.order < order)
    if jumps:
        return Property(Bound(float("inf"), jumps, False), f"{primed(order - 1)} jumps there")
    candidates: list[tuple[Any, Any, bool]] = []
    for piece in curve.pieces:
        if piece.is_constant(order):
            value = abs(piece.at(piece.inside, order))
            candidates.append((value, interval(piece.low, piece.high, False, False), True))
        else:
            inner = stationary(piece, order + 1)
            candidates += [(abs(piece.at(x, order)), x, True) for x in inner]
            for side, end in ((-1, piece.low), (1, piece.high)):
                smooth = not mpmath.isinf(end) and _continuous(curve, end, order)
                candidates.append((abs(piece.end(side, order)), end, smooth))
    if any(mpmath.isnan(value) for value, _, _ in candidates):
        return Property(None, "a limit is not known")
    highest = max(value for value, _, _ in candidates)
    best = [(place, attained) for value, place, attained in candidates if same(value, highest)]
    attained = any(attained for _, attained in best) and not mpmath.isinf(highest)
    places = [place for place, there in best if there == attained or not attained]
    ends = {end for place in places if isinstance(place, Interval) for end in place[:2]}
    at: dict[Any, None] = {}
    for place in places:
        if isinstance(place, Interval) or nearest(place) not in ends:
            at[place if isinstance(place, Interval) else nearest(place)] = None
    how = f"|{primed(order)}| at its own turns (roots by {HOW}), at joints and in the limits"
    return Property(Bound(nearest(highest), tuple(at), attained), how)


def _continuous(curve: Curve, x: Any, order: int) -> bool:
    """Tell whether a derivative exists at the end of a piece, inside the domain."""
    inside = curve.low < x < curve.high
    return bool(inside) and all(joint.x != nearest(x) or joint.order > order for joint in joints(curve))


def saturation(curve: Curve) -> Property:
    """Return, for each dtype, the outermost places where the slope is as large as the machine epsilon."""
    found = {}
    for name, form in FORMATS.items():
        epsilon = mpmath.mpf(2) ** (1 - form.digits)
        found[name] = Sides(_saturated(curve, -1, epsilon), _saturated(curve, 1, epsilon))
    return Property(
        found, "|f'| = machine epsilon, by bisection to 30 digits between turning points; beyond it |f'| is smaller"
    )


def _saturated(curve: Curve, side: int, epsilon: Any) -> float | None:
    inwards = curve.pieces if side < 0 else curve.pieces[::-1]
    for index, piece in enumerate(inwards):
        if abs(piece.end(side, 1)) >= epsilon:
            # Where the slope jumps at a joint, it is from there that it is small.
            return None if index == 0 else nearest(piece.high if side > 0 else piece.low)
        places = [x for height in (epsilon, -epsilon) for x in level(piece, 1, height, CLOSE_ENOUGH)]
        if places:
            return nearest(max(places) if side > 0 else min(places))
    return -side * float("inf")


def saturated(curve: Curve, epsilon: Any) -> tuple[Interval, ...]:
    """Return the stretches on which the slope is smaller than a number; see `compute.saturated`."""
    found: list[tuple[Any, Any, bool]] = []
    for piece in curve.pieces:
        cuts = distinct([x for height in (epsilon, -epsilon) for x in level(piece, 1, height, CLOSE_ENOUGH)])
        inner = [x for x in cuts if piece.low < x < piece.high]
        for low, high in pairwise([piece.low, *inner, piece.high]):
            if abs(piece.at(between(low, high), 1)) < epsilon:
                settled = low == curve.low or high == curve.high or piece.is_constant()
                if found and same(found[-1][1], low):
                    low, _, before = found.pop()
                    settled = settled or before
                found.append((low, high, settled))
    return tuple(interval(low, high, False, False) for low, high, settled in found if settled)
