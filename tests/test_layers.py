"""The learnable layers: their gradients are those of finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from reference import FLOATS, Array, same_bits

import actfn
from actfn.layers import Maxout, PReLU, Swish

Layer = PReLU | Swish | Maxout


def difference_quotients(loss: Callable[[], float], array: Array) -> Array:
    """Return the gradient of a loss by an array that it reads, from differences of fourth order."""
    gradient = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        kept, step = array[place], 1e-3
        at = []
        for k in (-2, -1, 1, 2):
            array[place] = kept + k * step
            at.append(loss())
        array[place] = kept
        gradient[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    return gradient


def relative_error(got: Array, expected: Array) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def data(shape: tuple[int, ...], seed: int) -> Array:
    """Return numbers that no step of a difference quotient takes across a kink at 0."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.25, 2.0, shape) * rng.choice([-1, 1], shape)


LAYERS: dict[str, Callable[[], Layer]] = {
    "PReLU, one": lambda: PReLU(0.3),
    "PReLU, per channel": lambda: PReLU(0.3, shape=(4,)),
    "PReLU, per element": lambda: PReLU(-0.2, shape=(3, 4)),
    "Swish, one": lambda: Swish(1.5),
    "Swish, per channel": lambda: Swish(0.7, shape=(4,)),
    "Swish, per row": lambda: Swish(-0.7, shape=(3, 1)),
    "Maxout": lambda: Maxout(4, 5, pieces=3, rng=np.random.default_rng(7)),
    "Maxout, one piece": lambda: Maxout(4, 2, pieces=1, rng=np.random.default_rng(7)),
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_gradients_are_difference_quotients(kind: str, batch: tuple[int, ...]) -> None:
    layer, x = LAYERS[kind](), data((*batch, 3, 4), 1)
    value = layer.forward(x)
    g = data(value.shape, 2)

    def loss() -> float:
        return float(np.sum(g * layer.forward(x)))

    expected = {name: difference_quotients(loss, array) for name, array in layer.parameters.items()}
    for_x = difference_quotients(loss, x)
    layer.forward(x)
    got = layer.backward(g)
    assert got.shape == x.shape
    assert relative_error(got, for_x) < 1e-9
    assert {*layer.gradients} == {*layer.parameters}
    for name, gradient in layer.gradients.items():
        assert gradient.shape == layer.parameters[name].shape
        assert relative_error(gradient, expected[name]) < 1e-9


def test_forward_is_the_function() -> None:
    x = data((3, 4), 3)
    slopes = np.array([0.1, 0.2, 0.3, 0.4])
    layer = PReLU(shape=(4,))
    assert layer.parameters["alpha"].tolist() == [0.25] * 4
    layer.parameters["alpha"] = slopes
    assert same_bits(layer.forward(x), actfn.prelu(x, alpha=slopes))
    assert same_bits(Swish(2.0).forward(x), actfn.swish(x, beta=2.0))
    maxout = Maxout(4, 5, pieces=3, rng=np.random.default_rng(1))
    pieces = x @ maxout.parameters["W"] + maxout.parameters["b"]
    assert same_bits(maxout.forward(x), actfn.maxout(pieces, group_size=3))
    assert (maxout.parameters["W"].shape, maxout.parameters["b"].shape) == ((4, 15), (15,))


def test_the_same_seed_gives_the_same_layer() -> None:
    first, second, other = (Maxout(3, 2, pieces=2, rng=np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert same_bits(first.parameters["W"], second.parameters["W"])
    assert not same_bits(first.parameters["W"], other.parameters["W"])
    assert not first.parameters["b"].any()
    wide = Maxout(400, 50, pieces=2, rng=np.random.default_rng(5)).parameters["W"]
    assert np.std(wide) == pytest.approx(1 / np.sqrt(400), rel=0.03)


def test_a_step_down_the_gradient_lowers_the_loss() -> None:
    x, target = data((30, 4), 4), data((30, 5), 5)
    layer = Maxout(4, 5, pieces=3, rng=np.random.default_rng(7))
    losses = []
    for _ in range(30):
        error = layer.forward(x) - target
        losses.append(float(np.mean(error**2)))
        layer.backward(2 * error / error.size)
        for name in layer.parameters:
            layer.parameters[name] -= 0.5 * layer.gradients[name]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_layers_keep_the_dtype(dtype: np.dtype[Any]) -> None:
    x = data((3, 4), 6).astype(dtype)
    for layer in (PReLU(dtype=dtype), PReLU(shape=(4,), dtype=dtype), Swish(dtype=dtype), Maxout(4, 2, dtype=dtype)):
        value = layer.forward(x)
        results = [value, layer.backward(value), *layer.parameters.values(), *layer.gradients.values()]
        assert {result.dtype for result in results} == {dtype}


def test_mistakes() -> None:
    for layer in (PReLU(), Swish(), Maxout(2, 2)):
        with pytest.raises(ValueError, match=f"{type(layer).__name__}.*forward"):
            layer.backward(np.ones(2))
    for sizes in ({"inputs": 0, "units": 1}, {"inputs": 1, "units": -1}, {"inputs": 1, "units": 1, "pieces": 1.5}):
        with pytest.raises(ValueError, match="Maxout.*positive integer"):
            Maxout(**sizes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"Maxout.*4.*\(3, 5\)"):
        Maxout(4, 2).forward(np.ones((3, 5)))
    with pytest.raises(ValueError, match="swish.*beta"):
        Swish(np.nan).forward(np.ones(3))
