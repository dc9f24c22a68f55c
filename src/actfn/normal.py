"""Means of functions of a standard normal number, by quadrature: what gains and initial weights are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actfn.activation import Activation

FloatArray = NDArray[np.float64]

# Beyond it the density is below 1e-31.
END = 12.0
NODES = 40


def expectation(function: Callable[[FloatArray], Any], joints: Iterable[float] = ()) -> float:
    """Return E f(z) for standard normal z, to some 12 digits where the function is smooth between joints and multiples of 1/2.

    Examples
    --------
    >>> round(expectation(lambda z: z**4), 12)
    3.0
    """
    edges = np.unique([*np.arange(-END, END + 0.5, 0.5), *(x for x in joints if abs(x) < END)])
    nodes, weights = _legendre()
    half, middle = np.diff(edges)[:, None] / 2, (edges[:-1, None] + edges[1:, None]) / 2
    z = half * nodes + middle
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return float(np.sum(np.asarray(function(z)) * density * weights * half))


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(NODES)


def moment(function: Activation, power: int = 2, order: int = 0) -> float:
    """Return E f(z)^power of an elementwise function, or of a derivative, for standard normal z.

    Examples
    --------
    >>> import actfn
    >>> round(moment(actfn.relu), 12), round(moment(actfn.tanh, power=1), 12)
    (0.5, 0.0)
    """
    return expectation(lambda z: function.derivative(z, order=order) ** power, [kink.x for kink in function.kinks])
