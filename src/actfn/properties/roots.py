"""Roots: between two roots of a derivative the function before it is monotone, so that bisection finds each of its roots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import mpmath

from actfn.properties.piece import BITS, FAR, TINY, Piece, between

HOW = "bisection to 60 digits between turning points"

# The highest derivative whose roots are looked for: by a scan, since none above it is there to separate them.
SCANNED = 3

# 60 digits.
CLOSE = mpmath.mpf(2) ** -200

Function = Callable[[Any], Any]


def stationary(piece: Piece, order: int) -> list[Any]:
    """Return the roots of a derivative strictly inside a piece; none where the derivative is one number."""
    if order not in piece.known_roots:
        if piece.is_constant(order):
            found = []
        elif order >= SCANNED:
            found = scanned(piece, order)
        else:
            found = level(piece, order, 0)
        piece.known_roots[order] = [x for x in found if piece.low < x < piece.high]
    return piece.known_roots[order]


def level(piece: Piece, order: int, height: Any, close: Any = CLOSE) -> list[Any]:
    """Return where a derivative (0: the function) has a height on a piece with its ends; none where it is one number."""
    if piece.is_constant(order):
        return []
    turns = stationary(piece, order + 1)
    # The samples part what the derivative's scan did not.
    seen = [x for x, _ in samples(piece, order)] if height == 0 else []
    points = [piece.low, *distinct([*turns, *seen]), piece.high]
    touching = [piece.low, *turns, piece.high]
    return crossings(lambda x: piece.at(x, order) - height, points, touching, close)


def crossings(function: Function, points: Sequence[Any], touching: Sequence[Any], close: Any = CLOSE) -> list[Any]:
    """Return the roots of a function that is monotone between neighbouring points, and those of the points that are roots.

    The outer points may be infinite; only those called touching are tried themselves.
    """
    found = []
    for low, high in pairwise(points):
        left, right = _last_known(function, low, high), _last_known(function, high, low)
        for end, (_, value) in ((low, left), (high, right)):
            if end in touching and abs(value) < TINY and not mpmath.isinf(end):
                found.append(end)
        if left[1] * right[1] < 0 and low not in found and high not in found:
            found.append(bisect(function, left[0], right[0], close))
    return distinct(found)


def _last_known(function: Function, end: Any, other: Any) -> tuple[Any, Any]:
    """Return an end and the value there; towards infinity the farthest number where the sign can still be told."""
    if not mpmath.isinf(end):
        return end, function(end)
    start = mpmath.mpf(0) if mpmath.isinf(other) else other
    for power in (FAR, *range(60, -20, -1)):
        x = start + mpmath.sign(end) * mpmath.mpf(2) ** power
        value = function(x)
        if not mpmath.isnan(value) and abs(value) > mpmath.mpf(2) ** (100 - BITS) * (1 + abs(x)):
            return x, value
    return x, mpmath.mpf(0)


def bisect(function: Function, low: Any, high: Any, close: Any = CLOSE) -> Any:
    """Return the root between two numbers where the signs differ, with a relative error of at most `close`."""
    rising = function(low) < 0
    if low < 0 < high and function(mpmath.mpf(0)) == 0:
        return mpmath.mpf(0)
    while high - low > close * max(abs(low), abs(high)):
        middle = (low + high) / 2
        if high - low < mpmath.mpf(2) ** -BITS:
            # Below every float.
            return mpmath.mpf(0)
        value = function(middle)
        if value == 0:
            return middle
        low, high = (middle, high) if (value < 0) == rising else (low, middle)
    return (low + high) / 2


def scanned(piece: Piece, order: int) -> list[Any]:
    """Return the roots that a scan finds: where the sign changes between neighbouring points."""
    changes = [(a, b) for (a, left), (b, right) in pairwise(samples(piece, order)) if left * right < 0]
    return [bisect(lambda x: piece.at(x, order), *ends) for ends in changes]


def samples(piece: Piece, order: int) -> list[tuple[Any, Any]]:
    """Return points of a piece with the value or derivative there, where its sign can be told."""
    if order not in piece.known_samples:
        pairs = ((x, piece.at(x, order)) for x in _grid(piece))
        piece.known_samples[order] = [(x, y) for x, y in pairs if abs(y) > mpmath.mpf(2) ** (100 - BITS) * (1 + abs(x))]
    return piece.known_samples[order]


def sign(piece: Piece, order: int, low: Any, high: Any) -> int:
    """Return the sign that a derivative has between two neighbouring roots of it; 0 if it is 0 there."""
    middle = piece.at(between(low, high), order)
    if abs(middle) > TINY or piece.is_constant(order):
        return int(mpmath.sign(middle)) if abs(middle) > TINY else 0
    return next((int(mpmath.sign(y)) for x, y in samples(piece, order) if low < x < high), int(mpmath.sign(middle)))


def _grid(piece: Piece) -> list[Any]:
    sizes = {2.0 ** (step / 4) for step in range(-52, 53)} | {step / 4 for step in range(49)}
    centres = [0, *(end for end in (piece.low, piece.high) if not mpmath.isinf(end))]
    points = {mpmath.mpf(centre) + sign * size for centre in centres for size in sizes for sign in (-1, 1)}
    if not mpmath.isinf(piece.low) and not mpmath.isinf(piece.high):
        points |= {piece.low + (piece.high - piece.low) * step / 200 for step in range(1, 200)}
    return sorted(x for x in points if piece.low < x < piece.high)


def distinct(points: Sequence[Any]) -> list[Any]:
    """Return numbers in their order, those that agree to 45 digits once."""
    kept: list[Any] = []
    for x in sorted(points):
        if not kept or x - kept[-1] > TINY * max(1, abs(x)):
            kept.append(x)
    return kept
