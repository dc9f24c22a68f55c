"""What functions hold in a framework: learnt parameters and coefficients, noise, and the statistics of the data."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from reference import thinned
from torch import nn

import actfn
import actfn.jax as J
import actfn.keras as K
import actfn.torch as T
from actfn.activation import is_builtin

# PyTorch's compiler warns of caches it looks through; Keras's variables know NumPy 1's protocol of copies only.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*lru_cache"),
    pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'> should not be instantiated"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

# What a module must be given to be made.
MADE: dict[str, dict[str, Any]] = {
    "Maxout": {"in_features": 6, "out_features": 2},
    "Dice": {"num_features": 6},
    "Threshold": {"threshold": 0.5, "value": -0.5},
    "SoftcappedSwiGLU": {"gate_cap": 7.0, "up_cap": 7.0},
}
X = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
LEARNABLE = [name for name, module in T.modules.items() if "learnable" in module.function.tags]


def made(name: str) -> nn.Module:
    return T.modules[name](**MADE.get(name, {}))


@pytest.mark.parametrize("name", T.modules)
def test_modules_are_copied_pickled_and_restored(name: str) -> None:
    module = made(name).eval()
    y = module(X)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert repr(other) == repr(module)
        assert torch.equal(other(X), y)
    for parameter in module.parameters():
        parameter.data += 0.25
    restored = made(name).eval()
    restored.load_state_dict(module.state_dict())
    assert torch.equal(restored(X), module(X))
    # Without noise its strength does not matter.
    assert name == "ProbAct" or not (list(module.parameters()) and torch.equal(module(X), y))


@pytest.mark.parametrize("name", LEARNABLE)
def test_what_can_be_learnt_is(name: str) -> None:
    module = made(name).train()
    if name == "SwiGLU":
        module = T.modules[name](beta=nn.Parameter(torch.tensor(1.5)))
    assert list(module.parameters())
    module(X * 3).sum().backward()
    assert any(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in module.parameters())


def test_learnt_parameters_start_where_they_are_told_one_for_each_channel() -> None:
    module = T.MPELU(0.5, beta=2.0, num_parameters=6)
    assert {key: tuple(value.shape) for key, value in module.state_dict().items()} == {"alpha": (6,), "beta": (6,)}
    assert torch.equal(module(X), T.mpelu(X, 0.5, 2.0))
    assert float(T.SReLU().left_slope.detach()) == actfn.srelu.parameters["left_slope"].example
    with pytest.raises(ValueError, match="SReLU has 6 parameters, one for each channel of axis 1, and got x of shape"):
        T.SReLU(num_parameters=6)(X[:, :5])
    with pytest.raises(ValueError, match="mpelu: beta must be in"):
        T.MPELU(beta=-1.0)


def test_fixed_parameters_are_learnt_if_they_are_torchs() -> None:
    module = T.LeakyReLU(nn.Parameter(torch.full((6,), 0.1)))
    module(X).sum().backward()
    np.testing.assert_allclose(module.negative_slope.grad, X.clamp(max=0).sum(0), rtol=1e-6)
    assert list(T.LeakyReLU(torch.full((6,), 0.1)).state_dict()) == ["negative_slope"]


def test_coefficients_of_each_channel() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 6, 3))
    module = T.APL(a=a, b=b, dtype=torch.float64)
    x = X.double().requires_grad_()
    y = module(x)
    assert np.array_equal(y.detach(), actfn.apl(x.detach().numpy(), a=a, b=b))
    y.sum().backward()
    exact = actfn.apl.parameter_vjp(x.detach().numpy(), np.ones((8, 6)), a=a, b=b)
    np.testing.assert_allclose(module.a.grad, exact["a"], rtol=1e-12)
    np.testing.assert_allclose(module.b.grad, exact["b"], rtol=1e-12)
    assert torch.autograd.gradcheck(T.slaf, (x, torch.tensor([0.5, 1.0, 0.25]).double().requires_grad_()))
    with pytest.raises(ValueError, match="apl: the numbers of terms must agree, got 2 as a and 1 as b"):
        T.APL(a=[1.0, 2.0])


# Noise.
@pytest.mark.parametrize("name", ["rrelu", "probact", "gumbel_softmax"])
def test_noise_comes_from_a_generator_or_a_key(name: str) -> None:
    given = {"sigma": 0.5} if name == "probact" else {}
    function, activation = T.functions[name], actfn.get(name)

    def drawn(seed: int) -> torch.Tensor:
        return function(X, **given, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    torch.manual_seed(3)
    own = function(X, **given, training=True)
    assert not torch.equal(own, function(X, **given, training=True))
    assert torch.equal(function(X, **given), function(X, **given, training=False))
    np.testing.assert_allclose(function(X, **given), activation(X.numpy(), **given), rtol=2e-7)
    x, keys = jnp.asarray(X.numpy()), jax.random.split(jax.random.key(0))
    compiled = jax.jit(lambda x, key: J.functions[name](x, **given, key=key))
    np.testing.assert_array_equal(compiled(x, keys[0]), compiled(x, keys[0]))
    assert not np.array_equal(compiled(x, keys[0]), compiled(x, keys[1]))
    for call, message in [
        (lambda: J.functions[name](x, training=True), "needs noise in training: give key=jax.random.key"),
        (lambda: function(X, **given, generator=torch.Generator(), sample=X), "give generator or sample, not both"),
        (lambda: activation.sample(X, None, **given), "rng must be a torch.Generator"),
        (lambda: function(X.int(), **given), f"actfn.torch.{name} takes a tensor of float16"),
    ]:
        with pytest.raises(TypeError, match=message):
            call()


@pytest.mark.parametrize("name", ["rrelu", "probact", "gumbel_softmax"])
def test_gradients_given_the_sample(name: str) -> None:
    given = {"sigma": 0.5} if name == "probact" else {}
    activation, (x, sample, g) = actfn.get(name), np.random.default_rng(5).normal(size=(3, 5, 4))
    exact = activation.vjp(x, g, sample=sample, **given)
    at = torch.tensor(x, requires_grad=True)
    y = T.functions[name](at, **given, sample=torch.tensor(sample))
    np.testing.assert_allclose(y.detach(), activation(x, sample=sample, **given), rtol=1e-13)
    np.testing.assert_allclose(torch.autograd.grad(y, at, torch.tensor(g))[0], exact, rtol=1e-12, atol=1e-15)
    with jax.enable_x64(True):
        y, back = jax.vjp(lambda x: J.functions[name](x, **given, sample=jnp.asarray(sample)), jnp.asarray(x))
        np.testing.assert_allclose(y, activation(x, sample=sample, **given), rtol=1e-13)
        np.testing.assert_allclose(back(jnp.asarray(g))[0], exact, rtol=1e-12, atol=1e-15)


def test_modules_with_noise_follow_training() -> None:
    slopes = T.RReLU(0.1, 0.3)
    ones = -torch.ones(4000)
    drawn = -slopes(ones)
    assert 0.1 <= drawn.min() < 0.105
    assert 0.295 < drawn.max() <= 0.3
    assert slopes.eval()(ones[:1]) == -0.2
    noisy = T.ProbAct(sigma=0.25)
    assert float(noisy(torch.zeros(4000)).detach().std()) == pytest.approx(0.25, rel=0.05)
    noisy(ones).sum().backward()
    assert float(noisy.sigma.grad) != 0
    chosen = T.GumbelSoftmax(tau=0.5, hard=True, dim=0)(X)
    assert torch.equal(chosen.sum(0), torch.ones(6))
    assert {*chosen.flatten().tolist()} == {0.0, 1.0}
    counts = T.GumbelSoftmax(hard=True)(torch.tensor([0.0, 1.0, 2.0]).expand(6000, 3)).mean(0)
    np.testing.assert_allclose(counts, np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum(), atol=0.03)


# Statistics.
def test_dice_follows_the_data() -> None:
    ours, theirs = T.Dice(3, alpha=0.25), actfn.layers.Dice(3, alpha=0.25)
    x, g = np.random.default_rng(1).normal(1, 2, (2, 16, 3)).astype(np.float32)
    for training in (True, True, False):
        ours.train(training)
        at = torch.tensor(x, requires_grad=True)
        y = ours(at)
        np.testing.assert_allclose(y.detach(), theirs.forward(x, training), rtol=1e-5, atol=1e-6)
        ours.zero_grad()
        (by_x, by_alpha) = torch.autograd.grad(y, (at, ours.alpha), torch.tensor(g))
        np.testing.assert_allclose(by_x, theirs.backward(g), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(by_alpha, theirs.gradients["alpha"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.running_mean, theirs.mean, rtol=1e-5)
    np.testing.assert_allclose(ours.running_variance, theirs.variance, rtol=1e-5)
    images = torch.tensor(x).reshape(2, 8, 3).movedim(2, 1)
    assert T.Dice(3)(images).shape == images.shape
    with jax.enable_x64(True):
        wide = jnp.asarray(x, jnp.float64)
        found = jax.jit(jax.grad(lambda x: (J.dice(x, 0.25, training=True) * g).sum()))(wide)
        exact = actfn.dice.vjp(np.asarray(wide), g.astype(np.float64), training=True, alpha=0.25)
        np.testing.assert_allclose(found, exact, rtol=1e-11, atol=1e-13)
    with pytest.raises(TypeError, match="dice needs mean= and variance= in evaluation, or training=True"):
        J.dice(x)


# Compilers.
@pytest.mark.parametrize("name", thinned(["MPELU", "Snake", "APL", "SLAF", "RReLU", "Dice", "SwiGLU", "CReLU"], "APL"))
def test_modules_are_compiled_without_a_break(name: str) -> None:
    torch._dynamo.reset()
    module = made(name).eval()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    x = X.clone().requires_grad_()
    wanted = [x, *module.parameters()]
    torch.testing.assert_close(compiled(x), module(x), rtol=1e-6, atol=0)
    for got, exact in zip(
        torch.autograd.grad(compiled(x).sum(), wanted), torch.autograd.grad(module(x).sum(), wanted), strict=True
    ):
        torch.testing.assert_close(got, exact, rtol=1e-5, atol=1e-6)


# Keras.
def keras_layer(name: str) -> Any:
    return K.layers[name](**{"Maxout": {"units": 3}, "SoftcappedSwiGLU": MADE["SoftcappedSwiGLU"]}.get(name, {}))


@pytest.mark.parametrize("name", thinned(K.layers, "APL", "MPELU", "RReLU", "Dice", "SwiGLU", "Logsumexp"))
def test_layers_of_keras_are_made_again(name: str) -> None:
    layer, x = keras_layer(name), X.numpy()
    y = keras.ops.convert_to_numpy(layer(x))
    assert (8, *layer.compute_output_shape((None, 6))[1:]) == y.shape
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(x)), y)
    if name not in ("PReLU", "Maxout", "Dice"):
        function = K.layers[name].function
        given = {p.name: p.example if p.default is None else p.default for p in function.parameters.values()}
        np.testing.assert_allclose(y, function(x, **given), rtol=4e-7, atol=1e-30)


def test_every_function_of_keras_is_one_or_a_layer() -> None:
    classes = {layer.function.name for name, layer in K.layers.items() if name not in ("PReLU", "Maxout")}
    given = {*K.functions, *classes, "prelu", "maxout"}
    assert given | {"threshold"} == {name for name in actfn.names() if is_builtin(actfn.get(name))}
    assert keras.ops.convert_to_numpy(K.Function("threshold", threshold=1.0, value=-1.0)([0.5, 2.0])).tolist() == [
        -1,
        2,
    ]
    with pytest.raises(ValueError, match="rrelu is no function from each number .* use the layer actfn.keras.RReLU"):
        K.Function("rrelu")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")
@pytest.mark.parametrize("name", ["gumbel_softmax", "rrelu", "probact", "dice"])
def test_functions_with_noise_and_of_batches_are_compiled_without_a_break(name: str) -> None:
    torch._dynamo.reset()
    x = torch.randn(4, 6, requires_grad=True)
    given = {"training": True} if name == "dice" else {"sample": torch.rand(4, 6) + 0.1}
    given |= {"sigma": 0.5} if name == "probact" else {}
    compiled = torch.compile(lambda x: getattr(T, name)(x, **given), fullgraph=True, backend="aot_eager")
    y, expected = compiled(x), getattr(T, name)(x, **given)
    torch.testing.assert_close(y, expected)
    g = torch.randn(4, 6)
    torch.testing.assert_close(torch.autograd.grad(y, x, g), torch.autograd.grad(expected, x, g))


@pytest.mark.slow
def test_a_model_of_keras_learns_and_is_saved(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    x = X.numpy()
    layers = [K.Dice(), K.APL(channel_axis=-1), K.RReLU(seed=1), K.ProbAct(sigma=0.1), K.SReLU(), K.SwiGLU()]
    net = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    before = [weight.copy() for weight in net.get_weights()]
    net.fit(x, x[:, :1], epochs=2, verbose=0)
    moved = [not np.array_equal(weight, start) for weight, start in zip(net.get_weights(), before, strict=True)]
    assert sum(moved) > len(moved) / 2
    y = net.predict(x, verbose=0)
    np.testing.assert_array_equal(net.predict(x, verbose=0), y)
    net.save(tmp_path / "net.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "net.keras").predict(x, verbose=0), y)
