"""A small dense network in NumPy whose hidden activation is any activation of this library.

The backward pass asks the activation for nothing but ``f.vjp(x, g)`` and, for parameters that are learnt,
``f.parameter_vjp(x, g)``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

import actfn
from actfn import Activation
from actfn.normal import expectation

Array = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.integer[Any]]

PIECES = 2  # linear pieces of one maxout unit
PRELU_START = 0.25


class Dense:
    """An affine layer, ``x @ weight + bias``.

    The weights are drawn from a normal distribution of variance ``gain**2 / inputs``; the bias starts at zero.

    Parameters
    ----------
    inputs, units : int
        Width of the rows that come in and go out.
    gain : float
        1 is LeCun's rule, ``sqrt(2)`` is He's; `forward_gain` gives the value that fits an activation.
    rng : numpy.random.Generator
        Where the weights are drawn from.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Dense(3, 2, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((4, 3))).shape
    (4, 2)
    >>> layer.backward(np.ones((4, 2))).shape, layer.gradients["bias"]
    ((4, 3), array([4., 4.]))
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        gain: float = 1.0,
        rng: np.random.Generator,
    ) -> None:
        self.parameters: dict[str, Array] = {
            "weight": rng.standard_normal((inputs, units)) * (gain / math.sqrt(inputs)),
            "bias": np.zeros(units),
        }
        self.gradients: dict[str, Array] = {}

    def forward(self, x: Array) -> Array:
        """The layer's output for the rows of `x`."""
        self.input = x
        return x @ self.parameters["weight"] + self.parameters["bias"]

    def backward(self, g: Array) -> Array:
        """Set `gradients` from the output's gradient `g`; return the input's."""
        self.gradients = {"weight": self.input.T @ g, "bias": g.sum(axis=0)}
        return g @ self.parameters["weight"].T


class Activate:
    """An activation as a layer, with its learnt parameters if it has any.

    Parameters
    ----------
    function : Activation
        Any activation; simplex and grouped ones act along the row.
    parameters : mapping of str to array
        Starting values of the parameters to learn.
    constants : mapping of str to object
        Parameters that stay as they are.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> layer = Activate(actfn.get("prelu"), parameters={"alpha": np.array([0.5, 0.25])})
    >>> layer.forward(np.array([[-1.0, -1.0]]))
    array([[-0.5 , -0.25]])
    >>> layer.backward(np.array([[1.0, 1.0]]))
    array([[0.5 , 0.25]])
    >>> layer.gradients["alpha"]
    array([-1., -1.])
    """

    def __init__(
        self,
        function: Activation,
        *,
        parameters: Mapping[str, Array] | None = None,
        constants: Mapping[str, Any] | None = None,
    ) -> None:
        self.function = function
        self.parameters: dict[str, Array] = dict(parameters or {})
        self.constants: dict[str, Any] = dict(constants or {})
        self.gradients: dict[str, Array] = {}

    def forward(self, x: Array) -> Array:
        """The activation of `x`."""
        self.input = x
        self.output: Array = np.asarray(self.function(x, **self.constants, **self.parameters))
        return self.output

    def backward(self, g: Array) -> Array:
        """Set `gradients` from the output's gradient `g`; return the input's."""
        given = {**self.constants, **self.parameters}
        if self.parameters:
            every = self.function.parameter_vjp(self.input, g, **given)
            self.gradients = {name: every[name] for name in self.parameters}
        return np.asarray(self.function.vjp(self.input, g, **given))

    def slopes(self) -> Array | None:
        """What each entry of the last input passes on: the derivative there.

        For a grouped function it is 1 at the winner of each group and 0 elsewhere, for a gated one the derivatives by gate and up. A
        simplex function ties the entries of a row together, so none has a slope of its own: None.
        """
        if self.function.kind == "simplex":
            return None
        given = {**self.constants, **self.parameters}
        return np.asarray(self.function.vjp(self.input, np.ones_like(self.output), **given))


def hidden_activation(function: Activation, units: int) -> Activate:
    """The layer that a hidden activation of `units` outputs needs.

    prelu learns one ``alpha`` for each unit, swish one ``beta``; maxout takes `PIECES` inputs for each output.

    Examples
    --------
    >>> import actfn
    >>> hidden_activation(actfn.get("prelu"), 3).parameters
    {'alpha': array([0.25, 0.25, 0.25])}
    """
    if function.name == "prelu":
        return Activate(function, parameters={"alpha": np.full(units, PRELU_START)})
    if function.name == "swish":
        beta = function.parameters["beta"].default
        return Activate(function, parameters={"beta": np.array(beta, np.float64)})
    if function.kind == "grouped":
        return Activate(function, constants={"group_size": PIECES})
    if function.kind == "gated":
        examples = {name: p.example for name, p in function.parameters.items() if p.default is None}
        return Activate(function, constants=examples)
    return Activate(function)


def inputs_per_unit(function: Activation) -> int:
    """How many pre-activations make one output: `PIECES` for a grouped function, gate and up for a gated one, otherwise 1.

    Examples
    --------
    >>> import actfn
    >>> inputs_per_unit(actfn.get("maxout")), inputs_per_unit(actfn.get("glu")), inputs_per_unit(actfn.get("tanh"))
    (2, 2, 1)
    """
    return {"grouped": PIECES, "gated": 2}.get(function.kind, 1)


def forward_gain(function: Activation, units: int) -> float:
    r"""The gain that keeps the signal's size from layer to layer: ``1 / sqrt(E f(z)**2)`` for standard normal z.

    Weights of variance ``gain**2 / inputs`` then give every layer pre-activations of variance one at the start.
    For elementwise functions the expectation is a Gauss-Legendre quadrature, split at 0 and at the kinks; for the
    others, whose output depends on the whole row, it is a mean over 4096 rows from a generator with a fixed seed.

    Examples
    --------
    >>> import actfn
    >>> round(forward_gain(actfn.get("relu"), 64), 6)
    1.414214
    >>> round(forward_gain(actfn.get("tanh"), 64), 6)
    1.592537
    """
    if function.kind == "elementwise":
        layer = hidden_activation(function, 1)
        square = expectation(lambda z: layer.forward(z) ** 2, [kink.x for kink in function.kinks])
    else:
        layer = hidden_activation(function, units)
        rows = np.random.default_rng(0).standard_normal((4096, units * inputs_per_unit(function)))
        square = float(np.mean(layer.forward(rows) ** 2))
    return 1 / math.sqrt(square) if square > 0 else 1.0


class Network:
    """Dense layers with one activation between them, and softmax cross-entropy at the end.

    Parameters
    ----------
    layers : sequence of Dense and Activate
        From input to logits.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> network = Network.dense(actfn.get("mish"), inputs=4, classes=3, depth=2, width=5,
    ...                         rng=np.random.default_rng(0))
    >>> network.forward(np.ones((2, 4))).shape
    (2, 3)
    >>> list(network.parameters)
    ['0.weight', '0.bias', '2.weight', '2.bias', '4.weight', '4.bias']
    """

    def __init__(self, layers: list[Dense | Activate]) -> None:
        self.layers = layers

    @classmethod
    def dense(
        cls,
        function: Activation,
        *,
        inputs: int,
        classes: int,
        depth: int,
        width: int,
        rng: np.random.Generator,
    ) -> Network:
        """A network of `depth` hidden layers of `width` units, initialised with `forward_gain`."""
        layers: list[Dense | Activate] = []
        pre_activations, hidden_gain = width * inputs_per_unit(function), forward_gain(function, width)
        arriving, gain = inputs, 1.0  # the data have variance one
        for _ in range(depth):
            layers.append(Dense(arriving, pre_activations, gain=gain, rng=rng))
            layers.append(hidden_activation(function, width))
            arriving, gain = width, hidden_gain
        layers.append(Dense(arriving, classes, gain=gain, rng=rng))
        return cls(layers)

    @property
    def parameters(self) -> dict[str, Array]:
        """Every array that is learnt, by ``"layer.name"``; writing into one changes the network."""
        return {f"{i}.{name}": p for i, layer in enumerate(self.layers) for name, p in layer.parameters.items()}

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradients of the last `loss_and_gradients`, under the keys of `parameters`."""
        return {f"{i}.{name}": g for i, layer in enumerate(self.layers) for name, g in layer.gradients.items()}

    def learnt(self) -> dict[str, Array]:
        """A copy of the activations' learnt parameters, those of all layers in one row for each name."""
        hidden = [layer for layer in self.layers if isinstance(layer, Activate)]
        names = hidden[0].parameters if hidden else {}
        return {name: np.concatenate([layer.parameters[name].ravel() for layer in hidden]) for name in names}

    def forward(self, x: Array) -> Array:
        """The logits, one row for each row of `x`."""
        for layer in self.layers:
            x = layer.forward(x)
        self.logits = x
        return x

    def loss(self, x: Array, labels: Labels) -> float:
        """Mean cross-entropy of the rows of `x` against their `labels`."""
        return cross_entropy(self.forward(x), labels)[0]

    def loss_and_gradients(self, x: Array, labels: Labels) -> float:
        """The loss; sets the gradient of every parameter."""
        loss, g = cross_entropy(self.forward(x), labels)
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return loss


def cross_entropy(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Mean softmax cross-entropy and its gradient for the logits, ``(p - y) / rows``.

    Examples
    --------
    >>> import numpy as np
    >>> loss, g = cross_entropy(np.zeros((1, 2)), np.array([0]))
    >>> round(loss, 6), g
    (0.693147, array([[-0.5,  0.5]]))
    """
    rows = np.arange(len(labels))
    log_p = np.asarray(actfn.get("log_softmax")(logits))
    g = np.exp(log_p)
    g[rows, labels] -= 1
    return float(-np.mean(log_p[rows, labels])), g / len(labels)
