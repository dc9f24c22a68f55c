"""Learnable activations: small objects that hold parameters and return their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actfn.activation import get

Array = NDArray[Any]


def _check_positive(layer: str, **counts: Any) -> None:
    for name, value in counts.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{layer}: {name} must be a positive integer, got {value!r}")


class _Elementwise:
    """What elementwise layers share: arrays of parameters, and x kept from the forward pass."""

    def __init__(self, name: str, **parameters: Array) -> None:
        self.parameters: dict[str, Array] = parameters
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
        super().__init__("prelu", alpha=np.full(shape, alpha, dtype))


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
        super().__init__("swish", beta=np.full(shape, beta, dtype))


class APL(_Elementwise):
    """An adaptive piecewise linear function that holds its hinges.

    Parameters
    ----------
    hinges : int
    shape : tuple of int
        The shape of the functions, which broadcasts against x: ``()`` for one, ``(channels,)`` for one a channel on the last axis.
    rng : numpy.random.Generator
        Draws the places of the hinges, standard normal. Their slopes start at 0, so that the function starts as relu.
    dtype : dtype

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = actfn.layers.APL(hinges=3, shape=(2,), rng=np.random.default_rng(0))
    >>> layer.forward(np.array([[-2.0, 4.0]]))
    array([[0., 4.]])
    >>> layer.backward(np.ones((1, 2))), layer.gradients["a"].shape
    (array([[0., 1.]]), (2, 3))
    """

    def __init__(
        self,
        hinges: int = 1,
        shape: tuple[int, ...] = (),
        *,
        rng: np.random.Generator | None = None,
        dtype: Any = np.float64,
    ) -> None:
        _check_positive("APL", hinges=hinges)
        rng = np.random.default_rng() if rng is None else rng
        places = rng.standard_normal((*shape, hinges)).astype(dtype)
        super().__init__("apl", a=np.zeros((*shape, hinges), dtype), b=places)


class SLAF(_Elementwise):
    """A polynomial that holds its coefficients.

    Parameters
    ----------
    coefficients : sequence of float
        Where they start, that of the constant first; by default x itself, with a square and a cube to learn.
    shape : tuple of int
        The shape of the functions, which broadcasts against x.
    dtype : dtype

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = actfn.layers.SLAF([0.0, 1.0, 0.5])
    >>> layer.forward(np.array([2.0])), layer.backward(np.ones(1)), layer.gradients["coefficients"]
    (array([4.]), array([3.]), array([1., 2., 4.]))
    """

    def __init__(
        self,
        coefficients: Sequence[float] = (0.0, 1.0, 0.0, 0.0),
        shape: tuple[int, ...] = (),
        dtype: Any = np.float64,
    ) -> None:
        start = np.asarray(coefficients, dtype)
        if start.ndim != 1 or not start.size:
            raise ValueError(f"SLAF: coefficients must be a list of one at least, got {coefficients!r}")
        super().__init__("slaf", coefficients=np.tile(start, (*shape, 1)))


class Dice:
    """A dice that holds one alpha for each channel, and the mean and variance that evaluation needs.

    Parameters
    ----------
    channels : int
        The length of the last axis.
    alpha : float
        Where every alpha starts.
    momentum : float
        The share of a batch in the running mean and variance.
    dtype : dtype

    Attributes
    ----------
    parameters, gradients : dict of str to ndarray
        ``"alpha"``; ``backward`` sets the gradients.
    mean, variance : ndarray
        Those of evaluation, in float64; they start at 0 and 1.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = actfn.layers.Dice(2)
    >>> x = np.array([[1.0, -1.0], [3.0, 1.0]])
    >>> layer.forward(x).shape, layer.mean
    ((2, 2), array([0.2, 0. ]))
    >>> layer.backward(np.ones((2, 2))).shape, layer.gradients["alpha"].shape
    ((2, 2), (2,))
    """

    def __init__(self, channels: int, alpha: float = 0.0, momentum: float = 0.1, dtype: Any = np.float64) -> None:
        _check_positive("Dice", channels=channels)
        if not 0 < momentum <= 1:
            raise ValueError(f"Dice: momentum must be above 0 and at most 1, got {momentum!r}")
        self.parameters: dict[str, Array] = {"alpha": np.full(channels, alpha, dtype)}
        self.gradients: dict[str, Array] = {}
        self.mean, self.variance, self.momentum = np.zeros(channels), np.ones(channels), momentum
        self._function: Any = get("dice")
        self._x: ArrayLike | None = None
        self._known: dict[str, Any] = {}

    def forward(self, x: ArrayLike, training: bool = True) -> Array:
        """Return the value, and remember x for ``backward``; in training with the statistics of x, which the running ones follow."""
        self._x = x
        if training:
            found, share = self._function.statistics(x), self.momentum
            self.mean, self.variance = (
                (1 - share) * old + share * new for old, new in zip((self.mean, self.variance), found, strict=True)
            )
            self._known = {"training": True}
        else:
            self._known = {"mean": self.mean, "variance": self.variance}
        return np.asarray(self._function(x, **self.parameters, **self._known))

    def backward(self, g: ArrayLike) -> Array:
        """Return the gradient for x, and set ``gradients``."""
        if self._x is None:
            raise ValueError("Dice.backward needs a forward pass before it")
        self.gradients = self._function.parameter_vjp(self._x, g, **self.parameters, **self._known)
        return np.asarray(self._function.vjp(self._x, g, **self.parameters, **self._known))


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
        _check_positive("Maxout", inputs=inputs, units=units, pieces=pieces)
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
