"""actfn.keras on one backend of Keras; the last test runs this file again on the other one."""

from __future__ import annotations

import doctest
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from reference import DEFAULTS, ELEMENTWISE, PARAMETERS, thinned

import actfn
import actfn.keras as A

# Keras's variables know NumPy 1's protocol of copies only.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

ROOT = Path(__file__).parent.parent
BACKEND = keras.backend.backend()
SHAPED = [name for name in ELEMENTWISE if name != "prelu"]


def value_and_gradient(function: Any, x: Any, *weights: Any) -> tuple[Any, list[Any]]:
    """Return a function's value, and the gradients of its sum by x and the weights, as Keras's backend finds them."""
    if BACKEND == "jax":
        import jax

        y = function(jax.numpy.asarray(x), *weights)
        gradients = jax.grad(lambda *all: function(*all).sum(), argnums=tuple(range(1 + len(weights))))(x, *weights)
        return np.asarray(y), [np.asarray(g) for g in gradients]
    import torch

    tensors = [torch.tensor(np.asarray(v), requires_grad=True) for v in (x, *weights)]
    y = function(*tensors)
    y.sum().backward()
    return y.detach().numpy(), [t.grad.numpy() for t in tensors]


def stateless(layer: Any, name: str) -> Any:
    """Return a layer as a function of x and the weight of a name."""
    if BACKEND == "jax":
        return lambda x, w: layer.stateless_call([w], [], x)[0]
    return lambda x, w: actfn_call(layer, name, x, w)


def actfn_call(layer: Any, name: str, x: Any, w: Any) -> Any:
    from actfn.frontends.keras_functions import run

    function = {"alpha": "prelu", "beta": "swish"}[name]
    assert layer(x).shape == x.shape
    return run(actfn.get(function), x, {name: w})


@pytest.fixture(autouse=True)
def registered() -> None:
    A.register()
    keras.utils.set_random_seed(0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", thinned(SHAPED, "mish", "swish"))
def test_values_and_gradients(name: str, dtype: str) -> None:
    x = np.concatenate([np.random.default_rng(0).normal(0, 3, 100), [-50, -20, 0.0, 20, 50]]).astype(np.float32)
    activation = actfn.get(name).with_parameters(**DEFAULTS[name])
    function = keras.activations.get(f"actfn>{name}")
    if dtype == "float32":
        y, (gradient,) = value_and_gradient(function, x)
        np.testing.assert_allclose(y, activation(x), 2e-7)
        np.testing.assert_allclose(gradient, activation.gradient(x), 2e-7, 1e-44)
    else:
        narrow = keras.ops.cast(x, dtype)
        y = keras.ops.cast(function(narrow), "float32")
        exact = activation(keras.ops.convert_to_numpy(keras.ops.cast(narrow, "float32")).astype(np.float64))
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(y), exact, 2.0**-8 if dtype == "bfloat16" else 2.0**-11, 3e-8
        )


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows(name: str) -> None:
    x = np.random.default_rng(0).normal(0, 3, (4, 5)).astype(np.float32)
    weights = np.arange(20, dtype=np.float32).reshape(4, 5)
    for axis in (-1, 0):
        function = A.Function(name, axis=axis)
        y, _ = value_and_gradient(function, x)
        np.testing.assert_allclose(y, actfn.get(name)(x, axis=axis), 2e-7)
        _, (gradient,) = value_and_gradient(lambda x, f=function: f(x) * keras.ops.convert_to_tensor(weights), x)
        np.testing.assert_allclose(gradient, actfn.get(name).vjp(x, weights, axis=axis), 1e-5, 2e-5)


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "prelu"])
def test_functions_with_parameters_are_saved(name: str) -> None:
    function = A.Function(name, **PARAMETERS[name])
    config = keras.activations.serialize(function)
    again = keras.activations.get(config)
    assert again == function
    assert hash(again) == hash(function)
    assert repr(again) == repr(function)
    x = np.linspace(-3, 3, 13, dtype=np.float32)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(again(x)), actfn.get(name)(x, **PARAMETERS[name]), 2e-7)


def model() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, activation="actfn>mish"),
            A.PReLU(shared_axes=[1, 2], alpha_initializer=keras.initializers.Constant(0.25)),
            A.Swish(channel_axis=-1, beta_regularizer="l2"),
            keras.layers.Flatten(),
            A.Maxout(5, pieces=3, kernel_regularizer="l2"),
            A.Swish(),
            keras.layers.Dense(4, activation=A.Function("leaky_relu", negative_slope=0.3)),
            keras.layers.Activation("actfn>gelu"),
            keras.layers.Dense(3, activation="actfn>softmax"),
        ]
    )


@pytest.mark.slow
def test_a_model_learns_and_is_saved_and_loaded(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(48, 8, 8, 3)).astype(np.float32)
    labels = np.arange(48) % 3
    net = model()
    net.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    before = [keras.ops.convert_to_numpy(w) for w in net.trainable_weights]
    losses = net.fit(x, labels, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for weight, start in zip(net.trainable_weights, before, strict=True):
        assert not np.array_equal(keras.ops.convert_to_numpy(weight), start), weight.path
    net.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(net.predict(x, verbose=0), again.predict(x, verbose=0))
    assert again.layers[0].activation == A.mish
    assert again.layers[6].activation == A.Function("leaky_relu", negative_slope=0.3)
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in net.layers]


@pytest.mark.slow
def test_a_model_is_loaded_by_a_process_that_only_imports_actfn(tmp_path: Path) -> None:
    net = model()
    net.save(tmp_path / "net.keras")
    code = f"import actfn.keras, keras; print(keras.models.load_model({str(tmp_path / 'net.keras')!r}).layers[0].activation)"
    environment = {**os.environ, "KERAS_BACKEND": BACKEND}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "actfn.keras.Function('mish')"


def test_symbolic_tensors_become_layers() -> None:
    symbol = keras.Input((3,))
    net = keras.Model(symbol, A.mish(A.softmax(symbol)))
    again = keras.Model.from_config(net.get_config())
    assert [layer.activation for layer in again.layers[1:]] == [A.softmax, A.mish]
    assert again.output_shape == (None, 3)


@pytest.mark.parametrize("shared", [None, [1]])
def test_prelu_and_its_gradient(shared: list[int] | None) -> None:
    layer = A.PReLU(shared_axes=shared, alpha_initializer=keras.initializers.Constant(0.5))
    x = np.random.default_rng(0).normal(0, 2, (4, 3, 2)).astype(np.float32)
    x[0, 0, 0] = 0
    layer.build(x.shape)
    alpha = keras.ops.convert_to_numpy(layer.alpha)
    assert alpha.shape == ((1, 2) if shared else (3, 2))
    y, (by_x, by_alpha) = value_and_gradient(stateless(layer, "alpha"), x, alpha)
    np.testing.assert_allclose(y, actfn.prelu(x, alpha=alpha), 2e-7)
    np.testing.assert_allclose(by_x, actfn.prelu.vjp(x, np.ones_like(x), alpha=alpha), 2e-7)
    np.testing.assert_allclose(by_alpha, actfn.prelu.parameter_vjp(x, np.ones_like(x), alpha=alpha)["alpha"], 2e-6)
    # Keras's own layer has no slope at 0.
    assert by_x[0, 0, 0] == 0.5


@pytest.mark.parametrize("channel_axis", [None, -1, 1])
def test_swish_and_its_gradient(channel_axis: int | None) -> None:
    layer = A.Swish(channel_axis, beta_initializer=keras.initializers.Constant(1.5))
    x = np.random.default_rng(0).normal(0, 2, (4, 3, 2)).astype(np.float32)
    layer.build(x.shape)
    beta = keras.ops.convert_to_numpy(layer.beta)
    assert beta.shape == {None: (), -1: (2,), 1: (3, 1)}[channel_axis]
    y, (by_x, by_beta) = value_and_gradient(stateless(layer, "beta"), x, beta)
    np.testing.assert_allclose(y, actfn.swish(x, beta=beta), 2e-7)
    np.testing.assert_allclose(by_x, actfn.swish.vjp(x, np.ones_like(x), beta=beta), 2e-6)
    np.testing.assert_allclose(by_beta, actfn.swish.parameter_vjp(x, np.ones_like(x), beta=beta)["beta"], 5e-6)


def test_maxout_is_the_largest_piece() -> None:
    layer = A.Maxout(2, pieces=3, bias_initializer="ones")
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    y = keras.ops.convert_to_numpy(layer(x))
    kernel, bias = map(keras.ops.convert_to_numpy, (layer.kernel, layer.bias))
    np.testing.assert_allclose(y, (x @ kernel + bias).reshape(5, 2, 3).max(-1), 1e-5)
    assert A.Maxout.from_config(layer.get_config()).get_config() == layer.get_config()
    assert A.Maxout(2, use_bias=False)(x).shape == (5, 2)


def test_mixed_precision() -> None:
    for policy in ("mixed_bfloat16", "mixed_float16"):
        layer = A.Swish(dtype=policy)
        y = layer(np.ones((2, 3), np.float32))
        assert keras.backend.standardize_dtype(y.dtype) == policy.removeprefix("mixed_")
        assert keras.backend.standardize_dtype(layer.beta.dtype) == "float32"


def test_integers_become_floats() -> None:
    y = A.gelu(np.array([1, 2]))
    assert keras.backend.standardize_dtype(y.dtype) == "float32"
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), actfn.gelu([1.0, 2.0]), 1e-7)


# Keras's own published expectations of these functions, to its tolerance.
def test_what_keras_expects_of_its_own_functions() -> None:
    rng = np.random.default_rng(0)

    def close(function: Any, x: Any, expected: Any) -> None:
        np.testing.assert_allclose(keras.ops.convert_to_numpy(function(x)), expected, 1e-5, 1e-6)

    def softmax(x: Any, axis: int) -> Any:
        e = np.exp(x - x.max(axis, keepdims=True))
        return e / e.sum(axis, keepdims=True)

    for shape in ((5,), (2, 5), (2, 3, 5)):
        x = (rng.random(shape) * 10).astype(np.float32)
        for axis in (-1, 0):
            close(A.Function("softmax", axis=axis), x, softmax(x, axis))
            close(A.Function("log_softmax", axis=axis), x, np.log(softmax(x.astype(float), axis)))
    for low, high in ((0, 1), (-10, 10), (-1e-7, 1e-7), (10, 100), (-100, -10)):
        x = rng.uniform(low, high, (3, 3, 3)).astype(np.float32)
        wide = x.astype(np.float64)
        close(A.softplus, x, np.log1p(np.exp(wide)))
        close(A.softsign, x, wide / (1 + np.abs(wide)))
        close(A.sigmoid, x, 1 / (1 + np.exp(-wide)))
        close(A.silu, x, wide / (1 + np.exp(-wide)))
        close(A.hard_sigmoid, x, np.clip(wide / 6 + 0.5, 0, 1))
        close(A.elu, x, np.where(wide > 0, wide, np.expm1(wide)))
        close(A.Function("leaky_relu", negative_slope=0.2), x, np.where(wide > 0, wide, 0.2 * wide))
        close(A.mish, x, wide * np.tanh(np.log1p(np.exp(wide))))
        close(A.tanh, x, np.tanh(wide))
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    close(A.selu, np.array([[1, 2]], np.float32), np.array([[1, 2]]) * scale)
    close(A.selu, np.array([[-1, -2]], np.float32), np.expm1([[-1.0, -2.0]]) * scale * alpha)
    slope = A.Function("leaky_relu", negative_slope=0.5)
    close(slope, np.array([-10, -5, 0.0, 5, 10], np.float32), [-5, -2.5, 0, 5, 10])


def test_bad_input_is_one_clear_error() -> None:
    for message, kind, call in [
        ("no activation function called 'mihs'; did you mean mish", ValueError, lambda: A.Function("mihs")),
        ("has no attribute 'mihs'; did you mean mish", AttributeError, lambda: A.mihs),
        (
            "maxout is no function from each number or row to one like it: use the layer actfn.keras.Maxout",
            ValueError,
            lambda: A.Function("maxout"),
        ),
        ("prelu needs alpha, for example alpha=0.25", TypeError, lambda: A.Function("prelu")),
        (r"elu: alpha must be in \[0, inf\), got -1", ValueError, lambda: A.Function("elu", alpha=-1)),
        ("softmax has no parameter 'dim'; it takes axis", TypeError, lambda: A.Function("softmax", dim=1)),
        ("units must be a positive integer, got 0", ValueError, lambda: A.Maxout(0)),
        ("channel_axis must be an axis behind the batch's", ValueError, lambda: A.Swish(0)(np.ones((2, 3)))),
        ("length of axis 1 must be known", ValueError, lambda: A.Swish(1).build((None, None))),
    ]:
        with pytest.raises(kind, match=message):
            call()
    layer = A.PReLU()
    layer.build((None, 3))
    with pytest.raises(ValueError, match="not broadcast against"):
        layer(np.ones((2, 4)))


@pytest.mark.skipif(BACKEND == "jax", reason="it is run on JAX with the other documents")
def test_the_document_is_true() -> None:
    assert doctest.testfile(str(ROOT / "docs" / "keras.md"), module_relative=False).failed == 0


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "jax", reason="once is enough")
def test_the_example_learns() -> None:
    command, environment = (
        [sys.executable, ROOT / "examples" / "keras_digits.py"],
        {**os.environ, "KERAS_BACKEND": BACKEND},
    )
    lines = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["relu", "mish", "swish", "prelu", "maxout"]
    assert all(float(line.split()[1]) > 94 for line in lines), lines


def test_a_missing_keras_is_told() -> None:
    code = "import sys; sys.modules['keras'] = None\nimport actfn.keras"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == 'ModuleNotFoundError: actfn.keras needs Keras: pip install "actfn[keras]"'


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "jax", reason="it has started this run")
def test_the_other_backend() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
