"""Measure how the gradient's norm changes on its way back through a deep random network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import actfn
from actfn.activation import Activation
from actfn.normal import moment

FloatArray = NDArray[np.float64]

DEPTH, WIDTH, SAMPLES, SEED = 30, 256, 64, 0


@dataclass(frozen=True)
class Journey:
    """What the gradient does between the last layer and the first.

    Attributes
    ----------
    name : str
        The function of every layer.
    variance : float
        The variance of a weight, times the number of inputs.
    norms : ndarray of float64, shape (depth,)
        The norm of the gradient at each layer's pre-activations, first layer first; 1 at the last layer.
    """

    name: str
    variance: float
    norms: FloatArray

    @property
    def arriving(self) -> float:
        """The share of the norm that arrives at the first layer."""
        return float(self.norms[0])

    @property
    def factor(self) -> float:
        """The factor a layer, as the geometric mean."""
        return float(self.norms[0] ** (1 / (len(self.norms) - 1)))


def journey(name: str, variance: float | None = None, depth: int = DEPTH) -> Journey:
    """Send a random gradient back through a random network.

    Parameters
    ----------
    name : str
        An elementwise function with defaults.
    variance : float, optional
        The variance of a weight, times the number of inputs; `preserving_variance` by default.
    depth : int
        How many layers.

    Examples
    --------
    >>> bool(journey("sigmoid", 1.0).arriving < 1e-17 < 1e-6 < journey("relu", 1.0).arriving < 1e-4)
    True
    """
    function = actfn.get(name)
    variance = preserving_variance(function) if variance is None else variance
    rng = np.random.default_rng(SEED)
    weights = rng.standard_normal((depth, WIDTH, WIDTH)) * math.sqrt(variance / WIDTH)
    hidden = rng.standard_normal((SAMPLES, WIDTH))
    before = [hidden @ weights[0]]
    for matrix in weights[1:]:
        before.append(function(before[-1]) @ matrix)
    gradient = rng.standard_normal((SAMPLES, WIDTH))
    norms = []
    for x, matrix in zip(reversed(before), reversed(weights), strict=True):
        gradient = function.vjp(x, gradient)
        norms.append(float(np.linalg.norm(gradient)))
        gradient = gradient @ matrix.T
    return Journey(name, variance, np.array(norms[::-1]) / norms[0])


def preserving_variance(function: Activation) -> float:
    """Return the variance of a weight, times the number of inputs, that keeps the size of the signal: 1 / E f(z)².

    Examples
    --------
    >>> round(preserving_variance(actfn.relu), 6)
    2.0
    """
    return 1 / moment(function)
