"""Where the kernels are compared with the formula, and how the difference is measured."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np

from actfn import catalogue, formula

BITS = {np.dtype(np.float32): 24, np.dtype(np.float64): 53}


def ulps(got: Any, exact: mpmath.mpf, dtype: np.dtype[Any]) -> float:
    """Return the error of a float in units in the last place of the exact value; infinite for a wrong NaN or infinity."""
    digits, info = BITS[dtype], np.finfo(dtype)
    smallest = int(np.log2(float(info.smallest_subnormal)))
    exponent = smallest if exact == 0 else max(smallest, int(mpmath.floor(mpmath.log(abs(exact), 2))) - digits + 1)
    unit = mpmath.ldexp(1, exponent)
    largest = mpmath.mpf(float(info.max)) + mpmath.ldexp(1, int(np.log2(float(info.max))) - digits) / 2
    if math.isnan(float(got)):
        return math.inf
    if math.isinf(float(got)):
        return 0.0 if abs(exact) >= largest and (exact > 0) == (got > 0) else math.inf
    return float(abs(mpmath.mpf(float(got)) - exact) / unit)


def sample(dtype: np.dtype[Any], seed: int, count: int, near: tuple[float, ...]) -> np.ndarray[Any, Any]:
    """Return points of every binade and both signs, dense where activation functions bend, and next to given places."""
    rng = np.random.default_rng(seed)
    info = np.finfo(dtype)
    exponents = np.linspace(np.log2(float(info.smallest_subnormal)), np.log2(float(info.max)) - 0.01, count)
    binades = 2.0**exponents
    bend = rng.uniform(0, 12, count)
    tail = rng.uniform(0, 110 if dtype == np.float32 else 760, count)
    positive = np.concatenate(
        [binades, bend, tail, [float(info.tiny), float(info.max), float(info.smallest_subnormal), 1.0, 20.0]]
    )
    points = np.concatenate([positive, -positive]).astype(dtype)
    for place in near:
        at = dtype.type(place)
        steps = at * dtype.type(2.0 ** -(BITS[dtype] - 1)) * np.arange(-4, 5) * dtype.type(1)
        points = np.concatenate(
            [points, (at + steps).astype(dtype), (at * (1 + np.linspace(-0.01, 0.01, 21))).astype(dtype)]
        )
    return np.unique(points)


@functools.cache
def roots(name: str, order: int, parameters: str) -> tuple[float, ...]:
    """Return where a function or a derivative of it crosses zero away from 0, to float64."""
    declaration, values = catalogue.find(name), json.loads(parameters)
    if declaration.inverse_of is not None:
        at_zero = float(formula.evaluate(catalogue.find(declaration.inverse_of), 0.0, values, bits=200))
        return (at_zero,) if order == 0 and at_zero else ()

    def f(x: float, bits: int = 200) -> mpmath.mpf:
        return formula.evaluate(declaration, float(x), values, order=order, bits=bits)

    def crossings() -> Iterator[float]:
        grid = np.concatenate([np.linspace(-20, -0.02, 400), np.linspace(0.02, 20, 400)])
        signs = [mpmath.sign(f(x)) for x in grid]
        for low, high, a, b in zip(grid, grid[1:], signs, signs[1:]):
            # A change of sign in a tail may be that of rounding errors.
            if a * b < 0 and low * high > 0 and f(low, 1600) * f(high, 1600) < 0:
                while high - low > abs(low) * 2**-52:
                    middle = (low + high) / 2
                    if middle in (low, high):
                        break
                    low, high = (middle, high) if mpmath.sign(f(middle)) == a else (low, middle)
                yield float(low)

    return tuple(crossings())
