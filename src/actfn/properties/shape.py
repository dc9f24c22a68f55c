"""The shape of a curve: where it rises, bends, joins, crosses and turns, and how far it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath

from actfn.functions.declare import Interval
from actfn.properties.curve import Curve
from actfn.properties.piece import TINY, Piece, between, nearest
from actfn.properties.report import Extremum, FixedPoint, Inflection, Joint, Property, Stretch, primed
from actfn.properties.roots import HOW, Function, crossings, distinct, level, sign, stationary

# The derivatives that are compared at a joint.
COMPARED = 8

WORDS = {1: {1: "increasing", -1: "decreasing", 0: "constant"}, 2: {1: "convex", -1: "concave", 0: "linear"}}


class Run(NamedTuple):
    """An interval on which a derivative has one sign."""

    low: Any
    high: Any
    sign: int


def same(a: Any, b: Any) -> bool:
    """Tell whether two numbers agree as far as they are known."""
    return bool(a == b or abs(a - b) < TINY * max(1, abs(a)))


def joints(curve: Curve) -> list[Joint]:
    """Return where pieces meet and some derivative jumps."""
    found = []
    for left, right in pairwise(curve.pieces):
        for order in range(COMPARED + 1):
            before, after = left.end(1, order), right.end(-1, order)
            if not same(before, after):
                found.append(Joint(nearest(left.high), order, nearest(before), nearest(after)))
                break
    return found


def smoothness(curve: Curve) -> tuple[Property, Property]:
    """Return the smoothness class and the joints."""
    found = joints(curve)
    how = f"one-sided derivatives of orders 0 to {COMPARED} where branches meet"
    if len(curve.pieces) == 1:
        how = "the formula is one analytic expression"
    if not found:
        return Property("C^inf", how), Property((), how)
    lowest = min(joint.order for joint in found)
    return Property(f"C^{lowest - 1}" if lowest else "discontinuous", how), Property(tuple(found), how)


def runs(curve: Curve, order: int) -> list[Run]:
    """Return the intervals on which a derivative has one sign; neighbours differ, or the function jumps between them."""
    found: list[Run] = []
    jumps = {joint.x for joint in joints(curve) if joint.order < order}
    for piece in curve.pieces:
        for low, high in pairwise([piece.low, *stationary(piece, order), piece.high]):
            here = sign(piece, order, low, high)
            if found and found[-1].sign == here and nearest(low) not in jumps:
                found[-1] = found[-1]._replace(high=high)
            else:
                found.append(Run(low, high, here))
    return found


def stretches(curve: Curve, order: int) -> tuple[Property, Property]:
    """Return monotonicity (order 1) or convexity (order 2): in a word, and interval by interval."""
    found = runs(curve, order)
    signs = {run.sign for run in found}
    for joint in joints(curve):
        if joint.order < order:
            # A jump up of the function is a rise; a jump up of its slope is a bend upwards.
            signs.add(1 if joint.right > joint.left else -1)
            signs |= {1, -1} if joint.order < order - 1 else set()
    words = WORDS[order]
    if signs == {0}:
        word = words[0]
    elif {1, -1} <= signs:
        word = "not monotone" if order == 1 else "neither"
    else:
        word = words[max(signs) or min(signs)]
        flat = any(run.sign == 0 for run in found)
        word = (f"strictly {word}" if not flat else f"non-{words[-max(signs) or 1]}") if order == 1 else word
    how = f"signs of {primed(order)} between its roots by {HOW}"
    listed = tuple(Stretch(nearest(run.low), nearest(run.high), words[run.sign]) for run in found)
    return Property(word, how), Property(listed, how)


def extrema(curve: Curve) -> list[tuple[Any, Any, str]]:
    """Return x (a number, or the run on which the function is flat), value and kind of every local extremum."""
    found: list[tuple[Any, Any, str]] = []
    jumps = {joint.x for joint in joints(curve) if joint.order == 0}
    listed = runs(curve, 1)
    for left, right in pairwise(listed):
        if left.sign * right.sign < 0 and nearest(left.high) not in jumps:
            found.append((left.high, curve.at(left.high), "minimum" if left.sign < 0 else "maximum"))
    for before, run, after in zip([None, *listed], listed, [*listed[1:], None]):
        beside = {-side.sign if side is before else side.sign for side in (before, after) if side is not None}
        if run.sign == 0 and len(beside) == 1 and not {nearest(run.low), nearest(run.high)} & jumps:
            found.append((run, curve.at(between(run.low, run.high)), "minimum" if beside == {1} else "maximum"))
    return found


def interval(low: Any, high: Any, low_closed: bool = True, high_closed: bool = True) -> Interval:
    """Return an interval as floats; infinite ends are open."""
    low_closed, high_closed = low_closed and not mpmath.isinf(low), high_closed and not mpmath.isinf(high)
    return Interval(nearest(low), nearest(high), low_closed, high_closed)


def reach(curve: Curve) -> tuple[Property, Property]:
    """Return the range and the extrema."""
    # A root known to 60 digits leaves a value of 0 known to 45 at least.
    turns = [(x, mpmath.mpf(0) if abs(value) < TINY**2 else value, kind) for x, value, kind in extrema(curve)]
    attained = [value for _, value, _ in turns]
    open_ends = [curve.pieces[0].end(-1), curve.pieces[-1].end(1)]
    for left, right in pairwise(curve.pieces):
        ends = left.end(1), right.end(-1)
        (attained if same(*ends) else open_ends).extend(ends)
    attained += [*(p.end(1) for p in curve.pieces if p.is_constant()), *curve.jumps.values()]
    if any(map(mpmath.isnan, open_ends)):
        return Property(None, "a limit is not known"), Property((), "a limit is not known")
    low, high = min(attained + open_ends), max(attained + open_ends)
    closed = [any(same(value, end) for value in attained) for end in (low, high)]
    listed = [
        Extremum(
            interval(x.low, x.high) if isinstance(x, Run) else nearest(x),
            nearest(value),
            kind,
            same(value, low if kind == "minimum" else high),
        )
        for x, value, kind in turns
    ]
    how = f"roots of f' by {HOW}, joints and limits"
    return Property(interval(low, high, *closed), how), Property(tuple(listed), f"roots of f' by {HOW}, and joints")


def inflections(curve: Curve) -> Property:
    """Return where the second derivative changes its sign and the first does not jump."""
    kinks = {joint.x for joint in joints(curve) if joint.order <= 1}
    found = [
        Inflection(nearest(left.high), nearest(curve.at(left.high)), nearest(curve.at(left.high, 1)))
        for left, right in pairwise(runs(curve, 2))
        if left.sign * right.sign < 0 and nearest(left.high) not in kinks
    ]
    return Property(tuple(found), f"roots of f'' by {HOW}, and joints")


def zeros(curve: Curve) -> Property:
    """Return the numbers, and the intervals, on which the function is 0."""
    points, flat = [], []
    for piece in curve.pieces:
        if piece.expression == 0:
            flat.append(piece)
        else:
            points += level(piece, 0, 0)
    points = _attained(curve, points, lambda x: 0)
    return Property(tuple(map(_as_float, merged(points, flat))), f"roots of f by {HOW}")


def _attained(curve: Curve, points: Sequence[Any], wanted: Function) -> list[Any]:
    """Return those points, and jumps, at which the function is defined and has the value wanted there."""
    kept = [x for x in points if curve.low < x < curve.high and not any(same(x, jump) for jump in curve.jumps)]
    return kept + [x for x, value in curve.jumps.items() if same(wanted(x), value)]


def merged(points: Sequence[Any], flat: Sequence[Piece]) -> list[Any]:
    """Return points and intervals from left to right; an interval takes in the points at its ends."""
    found: list[Any] = []
    for piece in flat:
        low_closed, high_closed = (any(same(x, end) for x in points) for end in (piece.low, piece.high))
        found.append((piece.low, interval(piece.low, piece.high, low_closed, high_closed)))
    ends = [end for piece in flat for end in (piece.low, piece.high)]
    found += [(x, x) for x in distinct(points) if not any(same(x, end) for end in ends)]
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _as_float(x: Any) -> float | Interval:
    return x if isinstance(x, Interval) else nearest(x)


def fixed_points(curve: Curve) -> Property:
    """Return where f(x) = x, and whether iterating the function leads there."""
    points, flat = [], []
    for piece in curve.pieces:
        if piece.is_constant(1) and same(piece.at(piece.inside, 1), 1):
            if same(piece.at(piece.inside), piece.inside):
                flat.append(piece)
            continue
        turns = [x for x in level(piece, 1, 1) if piece.low < x < piece.high]
        ends = [piece.low, *turns, piece.high]
        points += crossings(_above_x(piece), ends, ends)
    listed = [
        FixedPoint(x, "neutral: each is its own limit")
        if isinstance(x, Interval)
        else FixedPoint(nearest(x), _attraction(curve, x))
        for x in merged(_attained(curve, points, lambda x: x), flat)
    ]
    how = "bisection of f(x) - x to 60 digits between the roots of f' - 1; slopes and values beside"
    return Property(tuple(listed), how)


def _above_x(piece: Piece) -> Function:
    return lambda x: piece.at(x) - x


def _attraction(curve: Curve, x: Any) -> str:
    """Return what iterating does on either side: by the slope, or by the next values where the slope is 1."""
    step = mpmath.mpf(2) ** -20 * max(1, abs(x))
    pulls = []
    for side in (-1, 1):
        piece = curve.piece(x + side * step)
        slope = piece.at(x, 1) if piece.low <= x <= piece.high else mpmath.nan
        if x in curve.jumps and not same(piece.at(x), x):
            pulls.append(False)
        elif same(slope, 1):
            beside = x + side * step
            pulls.append(bool((piece.at(beside) - beside) * side < 0))
        else:
            pulls.append(bool(abs(slope) < 1))
    return {
        (True, True): "attracting",
        (False, False): "repelling",
        (True, False): "attracting from the left, repelling to the right",
        (False, True): "repelling to the left, attracting from the right",
    }[tuple(pulls)]  # type: ignore[index]


def parity(curve: Curve) -> Property:
    """Compare f(-x) with f(x) and -f(x)."""
    if curve.low != -curve.high:
        return Property("neither", "the domain is not symmetric")
    size = min(curve.high, mpmath.mpf(2) ** 8)
    points = [size * mpmath.mpf(2) ** mpmath.mpf(-step) * mpmath.mpf("0.97") for step in range(24)]
    pairs = [(curve.at(x), curve.at(-x)) for x in points]
    even = all(same(right, left) for right, left in pairs)
    odd = all(same(right, -left) for right, left in pairs)
    word = "even and odd" if even and odd else "even" if even else "odd" if odd else "neither"
    return Property(word, f"f(-x) against f(x) and -f(x) to 45 digits at {len(points)} points")
