"""Learnable activations: small objects that hold parameters and return their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actfn.activation import get

Array = NDArray[Any]


class _Elementwise:
    """What PReLU and Swish share: one array of parameters, and x kept from the forward pass."""

    def __init__(self, name: str, parameter: str, start: float, shape: tuple[int, ...], dtype: Any) -> None:
        self.parameters: dict[str, Array] = {parameter: np.full(shape, start, dtype)}
        self.gradients: dict[str, Array] = {}
        self._function = get(name)
        self._x: ArrayLike | None = None

    def forward(self, x: ArrayLike) -> Array:
        """Return the value, and remember x for ``backward``."""
        self._x = x
        return np.asarray(self._function(x, **self.parameters))

    def backward(self, g: ArrayLike) -> Array:
        """Return the gradient for x, and set ``gradients``."""
        if self._x is None:
            raise ValueError(f"{type(self).__name__}.backward needs a forward pass before it")
        found = self._function.parameter_vjp(self._x, g, **self.parameters)
        self.gradients = {name: np.asarray(gradient) for name, gradient in found.items()}
        return np.asarray(self._function.vjp(self._x, g, **self.parameters))


class PReLU(_Elementwise):
    """A prelu that holds its slope.

    Parameters
    ----------
    alpha : float
        Where every slope starts.
    shape : tuple of int
        The shape of the slopes, which broadcasts against x: ``()`` for one, ``(channels,)`` for one a channel on the last axis.
    dtype : dtype

    Attributes
    ----------
    parameters, gradients : dict of str to ndarray
        ``"alpha"``; ``backward`` sets the gradients.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = actfn.layers.PReLU(alpha=0.5, shape=(2,))
    >>> layer.forward(np.array([[-2.0, 4.0]]))
    array([[-1.,  4.]])
    >>> layer.backward(np.ones((1, 2))), layer.gradients["alpha"]
    (array([[0.5, 1. ]]), array([-2.,  0.]))
    """

    def __init__(self, alpha: float = 0.25, shape: tuple[int, ...] = (), dtype: Any = np.float64) -> None:
        super().__init__("prelu", "alpha", alpha, shape, dtype)


class Swish(_Elementwise):
    """A swish that holds its beta.

    Parameters
    ----------
    beta : float
        Where every beta starts.
    shape : tuple of int
        The shape of the betas, which broadcasts against x.
    dtype : dtype

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = actfn.layers.Swish(beta=1.0)
    >>> layer.forward(np.array([0.0, 0.0]))
    array([0., 0.])
    >>> layer.backward(np.ones(2)), layer.gradients["beta"]
    (array([0.5, 0.5]), array(0.))
    """

    def __init__(self, beta: float = 1.0, shape: tuple[int, ...] = (), dtype: Any = np.float64) -> None:
        super().__init__("swish", "beta", beta, shape, dtype)


class Maxout:
    """A linear layer with several pieces for each unit, of which the largest counts: a learnt convex activation.

    Parameters
    ----------
    inputs, units, pieces : int
        The weights ``W`` have shape ``(inputs, units * pieces)``, the biases ``b`` ``(units * pieces,)``.
    rng : numpy.random.Generator
        Draws the weights, normal with variance 1 / inputs.
    dtype : dtype

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = actfn.layers.Maxout(3, 2, pieces=2, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((5, 3))).shape
    (5, 2)
    >>> layer.backward(np.ones((5, 2))).shape, layer.gradients["W"].shape
    ((5, 3), (3, 4))
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        pieces: int = 2,
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = np.float64,
    ) -> None:
        for name, value in {"inputs": inputs, "units": units, "pieces": pieces}.items():
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"Maxout: {name} must be a positive integer, got {value!r}")
        rng = np.random.default_rng() if rng is None else rng
        weights = rng.standard_normal((inputs, units * pieces)) / np.sqrt(inputs)
        self.parameters: dict[str, Array] = {"W": weights.astype(dtype), "b": np.zeros(units * pieces, dtype)}
        self.gradients: dict[str, Array] = {}
        self._function = get("maxout").with_parameters(group_size=pieces)
        self._x: Array | None = None

    def _pieces(self, x: Array) -> Array:
        weights = self.parameters["W"]
        # The product of bfloat16 matrices is float32 in NumPy.
        return np.asarray(x @ weights + self.parameters["b"]).astype(np.result_type(x, weights), copy=False)

    def forward(self, x: ArrayLike) -> Array:
        """Return the largest piece of each unit for x of shape (..., inputs), and remember x for ``backward``."""
        self._x = np.asarray(x)
        inputs = self.parameters["W"].shape[0]
        if self._x.ndim == 0 or self._x.shape[-1] != inputs:
            raise ValueError(f"Maxout: the last axis of x must have length {inputs}, got shape {self._x.shape}")
        return np.asarray(self._function(self._pieces(self._x)))

    def backward(self, g: ArrayLike) -> Array:
        """Return the gradient for x, and set ``gradients``."""
        if self._x is None:
            raise ValueError("Maxout.backward needs a forward pass before it")
        # The pieces are computed again: keeping x is cheaper than keeping them.
        at_pieces = np.asarray(self._function.vjp(self._pieces(self._x), g))
        rows, flat = self._x.reshape(-1, self._x.shape[-1]), at_pieces.reshape(-1, at_pieces.shape[-1])
        found = {"W": rows.T @ flat, "b": flat.sum(axis=0)}
        self.gradients = {name: found[name].astype(held.dtype, copy=False) for name, held in self.parameters.items()}
        weights = self.parameters["W"]
        return np.asarray(at_pieces @ weights.T).astype(np.result_type(at_pieces, weights), copy=False)
