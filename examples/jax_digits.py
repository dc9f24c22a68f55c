"""Train one small network on scikit-learn's digits with several activations of actfn.jax.

    python examples/jax_digits.py

The slopes of prelu and the betas of swish are parameters like the weights, and are trained along with them.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import actfn.jax as A

HIDDEN, EPOCHS, BATCH, RATE = 64, 20, 50, 0.1
ACTIVATIONS = {
    "relu": (lambda x, _: A.relu(x), 0.0),
    "mish": (lambda x, _: A.mish(x), 0.0),
    "swish": (A.swish, 1.0),
    "prelu": (A.prelu, 0.25),
}


def start(name: str) -> dict[str, Any]:
    """Return the parameters of 64 pixels to 10 classes, with two hidden layers."""
    keys, sizes = jax.random.split(jax.random.key(0), 3), (64, HIDDEN, HIDDEN, 10)
    weights = [jax.random.normal(k, (n, m)) * (2 / n) ** 0.5 for k, n, m in zip(keys, sizes, sizes[1:])]
    learnt = [jnp.full(HIDDEN, ACTIVATIONS[name][1]) for _ in range(2)]
    return {"weights": weights, "biases": [jnp.zeros(n) for n in sizes[1:]], "learnt": learnt}


def logits(name: str, parameters: dict[str, Any], x: Any) -> Any:
    """Return the logarithms of the classes' probabilities."""
    activation = ACTIVATIONS[name][0]
    *hidden, last = zip(parameters["weights"], parameters["biases"])
    for (weight, bias), learnt in zip(hidden, parameters["learnt"]):
        x = activation(x @ weight + bias, learnt)
    return A.log_softmax(x @ last[0] + last[1])


def main() -> None:
    """Train each network and print its accuracy on the test set."""
    digits = load_digits()
    pixels = (digits.data / 8 - 1).astype(np.float32)
    x, x_test, y, y_test = train_test_split(
        pixels, digits.target, test_size=0.25, random_state=0, stratify=digits.target
    )
    for name in ACTIVATIONS:

        def loss(parameters: dict[str, Any], x: Any, y: Any, name: str = name) -> Any:
            return -jnp.mean(jnp.take_along_axis(logits(name, parameters, x), y[:, None], axis=1))

        @jax.jit
        def step(parameters: dict[str, Any], x: Any, y: Any, loss: Any = loss) -> dict[str, Any]:
            gradients = jax.grad(loss)(parameters, x, y)
            return jax.tree.map(lambda p, g: p - RATE * g, parameters, gradients)

        parameters, rng = start(name), np.random.default_rng(0)
        for _ in range(EPOCHS):
            order = rng.permutation(len(x))
            for batch in np.split(order[: len(x) // BATCH * BATCH], len(x) // BATCH):
                parameters = step(parameters, x[batch], y[batch])
        correct = np.mean(logits(name, parameters, x_test).argmax(1) == y_test)
        print(f"{name:8} {100 * correct:.1f} %")


if __name__ == "__main__":
    main()
