"""Training by mini-batches, and what is measured after every epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .data import Data
from .network import Activate, Array, Dense, Labels, Network

DEAD_SLOPE = 1e-6
SATURATED_SLOPE = 1e-3


@dataclass(frozen=True)
class Measurement:
    """The state of a network after an epoch; epoch 0 is before the first step.

    Attributes
    ----------
    epoch : int
    loss : float
        Mean cross-entropy on the training samples.
    train_accuracy, test_accuracy : float
        Shares from 0 to 1.
    gradient_norms : tuple of float
        Frobenius norm of the loss's gradient for each weight matrix, first layer first, over all training samples.
    dead : float or None
        Share of hidden units whose slope is below `DEAD_SLOPE` on every training sample. For maxout the units are
        its linear pieces: dead is a piece that never wins. None for functions that mix the units of a layer.
    saturated : float or None
        Share of hidden entries, unit by sample, whose slope is below `SATURATED_SLOPE`. None as for `dead`, and for
        maxout, where all pieces but one have slope zero by construction.
    """

    epoch: int
    loss: float
    train_accuracy: float
    test_accuracy: float
    gradient_norms: tuple[float, ...]
    dead: float | None
    saturated: float | None


class Adam:
    """Adam (Kingma and Ba 2014) with its usual constants, working in place.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = {"w": np.array([1.0, -1.0])}
    >>> Adam(0.1).step(parameters, {"w": np.array([5.0, -0.01])})
    >>> parameters["w"].round(3)
    array([ 0.9, -0.9])
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.mean: dict[str, Array] = {}
        self.square: dict[str, Array] = {}

    def step(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Move every parameter against its gradient."""
        self.steps += 1
        for name, gradient in gradients.items():
            mean = self.mean[name] = 0.9 * self.mean.get(name, 0.0) + 0.1 * gradient
            square = self.square[name] = 0.999 * self.square.get(name, 0.0) + 0.001 * gradient**2
            scale = np.sqrt(square / (1 - 0.999**self.steps)) + 1e-8
            parameters[name] -= self.learning_rate / (1 - 0.9**self.steps) * mean / scale


def train(
    network: Network,
    data: Data,
    *,
    epochs: int,
    rng: np.random.Generator,
    learning_rate: float = 1e-3,
    batch: int = 32,
) -> Iterator[Measurement]:
    """Train with Adam, yielding a measurement before the first epoch and after each one.

    The same network, data and generator give the same bits. A run whose loss stops being finite is not trained
    further: its last measurement repeats.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> from actfn.lab.data import digits
    >>> data = digits(seed=0)
    >>> network = Network.dense(actfn.get("silu"), inputs=64, classes=10, depth=1, width=16,
    ...                         rng=np.random.default_rng(0))
    >>> before, after = train(network, data, epochs=1, rng=np.random.default_rng(1))
    >>> after.loss < before.loss
    True
    """
    optimiser = Adam(learning_rate)
    now = measure(network, data, epoch=0)
    yield now
    for epoch in range(1, epochs + 1):
        if np.isfinite(now.loss):
            one_epoch(network, data, optimiser, batch=batch, rng=rng)
            now = measure(network, data, epoch=epoch)
        yield replace(now, epoch=epoch)


@np.errstate(over="ignore", invalid="ignore")  # a diverging run is reported, not warned of
def one_epoch(network: Network, data: Data, optimiser: Adam, *, batch: int, rng: np.random.Generator) -> None:
    """One pass over the shuffled training samples."""
    order = rng.permutation(len(data.train_labels))
    parameters = network.parameters
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        network.loss_and_gradients(data.train[chosen], data.train_labels[chosen])
        optimiser.step(parameters, network.gradients)


@np.errstate(over="ignore", invalid="ignore")
def measure(network: Network, data: Data, *, epoch: int) -> Measurement:
    """Everything a `Measurement` holds, from one pass over all samples."""
    test_accuracy = accuracy(network.forward(data.test), data.test_labels)
    loss = network.loss_and_gradients(data.train, data.train_labels)
    dead, saturated = unit_health(network)
    return Measurement(
        epoch=epoch,
        loss=loss,
        train_accuracy=accuracy(network.logits, data.train_labels),
        test_accuracy=test_accuracy,
        gradient_norms=tuple(
            float(np.linalg.norm(layer.gradients["weight"])) for layer in network.layers if isinstance(layer, Dense)
        ),
        dead=dead,
        saturated=saturated,
    )


def accuracy(logits: Array, labels: Labels) -> float:
    """The share of rows whose largest logit is at the label.

    Examples
    --------
    >>> import numpy as np
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    return float(np.mean(logits.argmax(axis=1) == labels))


def unit_health(network: Network) -> tuple[float | None, float | None]:
    """Shares of dead units and of saturated entries over all hidden layers, for the samples seen last.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> network = Network([Activate(actfn.get("relu"))])
    >>> _ = network.forward(np.array([[1.0, -1.0, 0.5, -2.0], [1.0, -1.0, -1.0, -0.1]]))
    >>> unit_health(network)
    (0.5, 0.625)
    """
    hidden = [layer for layer in network.layers if isinstance(layer, Activate)]
    slopes = [slope for layer in hidden if (slope := layer.slopes()) is not None]
    if not slopes:
        return None, None
    steepness = np.abs(np.concatenate(slopes, axis=1))
    dead = float(np.mean(steepness.max(axis=0) < DEAD_SLOPE))
    if hidden[0].function.kind in ("grouped", "gated"):
        return dead, None
    return dead, float(np.mean(steepness < SATURATED_SLOPE))
