"""actfn.jax: values, derivatives and transformations, on all floats and at every order that is declared."""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import scipy.stats
from jax.test_util import check_grads
from reference import COMMON, DEFAULTS, ELEMENTWISE, PARAMETERS, derivative_of_derivative, thinned

import actfn
import actfn.jax as A
from actfn import catalogue
from actfn.frontends import xla_calls

ROOT = Path(__file__).parent.parent
Array = np.ndarray[Any, np.dtype[Any]]
INVERSES = ("logit", "inverse_tanh", "inverse_softsign", "inverse_elu", "inverse_selu", "inverse_softplus")
ROWS = {"softmax": A.softmax, "log_softmax": A.log_softmax}


@pytest.fixture(params=[False, True], ids=["x32", "x64"])
def x64(request: pytest.FixtureRequest) -> Iterator[bool]:
    with jax.enable_x64(request.param):
        yield request.param


def settled(name: str) -> actfn.Activation:
    return actfn.get(name).with_parameters(**DEFAULTS.get(name, {}))


def differentiated(function: Callable[..., Any], order: int) -> Callable[..., Any]:
    if order:
        return differentiated(jax.grad(lambda x: function(x).sum()), order - 1)
    return jax.jit(function)


# The checker: JAX differentiates, the oracle judges; subnormal numbers count as all others.
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", thinned([*ELEMENTWISE, *INVERSES], "relu", "gelu", "swish", "logit"))
def test_float32_passes_the_checker(name: str, order: int) -> None:
    activation = settled(name)
    report = actfn.check(A.function_of(activation), activation, order=order, each=8, max_ulp=2)
    assert report.ok, report.sentence()


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", thinned(ELEMENTWISE, "relu", "gelu", "swish"))
def test_float32_passes_the_checker_without_float64(name: str, order: int) -> None:
    activation = settled(name)
    with jax.enable_x64(False):
        call = differentiated(A.function_of(activation), order)
        report = actfn.check(
            lambda x: np.asarray(call(jnp.asarray(x))), activation, order=order, each=2, max_ulp=2, library="numpy"
        )
    assert report.ok, report.sentence()


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", thinned([*ELEMENTWISE, *INVERSES], "relu", "mish", "swish"))
def test_float64_passes_the_checker(name: str, order: int) -> None:
    activation = settled(name)
    report = actfn.check(A.function_of(activation), activation, order=order, dtype="float64", each=1, max_ulp=4)
    assert report.ok, report.sentence()


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("dtype", [pytest.param("float16", marks=pytest.mark.slow), "bfloat16"])
@pytest.mark.parametrize("name", thinned(ELEMENTWISE, "relu", "mish", "swish"))
def test_sixteen_bits_are_rounded_once(name: str, dtype: str, order: int) -> None:
    activation = settled(name)
    report = actfn.check(A.function_of(activation), activation, order=order, dtype=dtype, max_ulp=0.51)
    assert report.ok, report.sentence()


def test_subnormal_numbers_are_kept_by_the_compiled_loops_and_comparisons() -> None:
    tiny = jnp.asarray(np.array([1e-40, -1e-40], np.float32))
    np.testing.assert_array_equal(jax.jit(A.silu)(tiny), np.array([5e-41, -5e-41], np.float32))
    np.testing.assert_array_equal(jax.jit(A.relu)(tiny), np.array([1e-40, 0], np.float32))
    np.testing.assert_array_equal(jax.vmap(jax.grad(A.relu))(tiny), [1, 0])


def exported(function: Callable[..., Any], x: Any) -> Any:
    return jax.export.export(jax.jit(function))(jax.ShapeDtypeStruct(x.shape, x.dtype))


@pytest.mark.parametrize("name", thinned(["gelu", "gelu_tanh", "mish", "softplus", "sigmoid"], "gelu"))
def test_an_exported_program_needs_no_actfn_and_keeps_the_tails(name: str) -> None:
    # Split arguments and exact products must survive the compiler; XLA takes subnormal numbers for zero.
    x = np.concatenate([-np.geomspace(1e-30, 12.5, 500), np.geomspace(1e-30, 12.5, 500)]).astype(np.float32)
    activation = actfn.get(name)
    with jax.enable_x64(False):
        for order in range(3):
            function = differentiated(getattr(A, name), order) if order else getattr(A, name)
            program = exported(function, x)
            assert "custom_call" not in program.mlir_module()
            got, exact = np.asarray(program.call(x)), activation.derivative(x.astype(np.float64), order=order)
            unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
            # Beside a root a unit is small: there the terms of the difference are of the order of 1.
            far = (np.abs(exact) > 0.01) | ((np.abs(x) > 5) & (np.abs(exact) > 2 * np.finfo(np.float32).tiny))
            assert np.all(np.abs(got - exact)[far] <= 4 * unit[far]), order


def test_gelu_in_the_far_left_tail() -> None:
    x = jnp.array([-5, -5.5, -6, -8], jnp.float32)
    exact = [-1.4332578594e-06, -1.0444259356e-07, -5.9195258702e-09, -4.9767684594e-15]
    np.testing.assert_allclose(jax.jit(A.gelu)(x), exact, 6e-8)
    assert float(jax.grad(A.gelu)(-6.0)) == pytest.approx(-3.5468709453902015e-08, rel=6e-8)


# Transformations.
@pytest.mark.parametrize("name", thinned(ELEMENTWISE, "relu", "swish"))
def test_transformations_agree_with_the_declared_derivatives(name: str) -> None:
    with jax.enable_x64(False):
        transform(name, np.dtype(np.float32))


@pytest.mark.parametrize("name", thinned(["mish", "relu", "elu"], "mish"))
def test_transformations_in_float64(name: str) -> None:
    with jax.enable_x64(True):
        transform(name, np.dtype(np.float64))


def transform(name: str, dtype: np.dtype[Any]) -> None:
    activation, function = settled(name), functools.partial(getattr(A, name), **DEFAULTS[name])
    x, t = np.random.default_rng(0).normal(0, 3, (2, 3, 4)).astype(dtype)
    value, first, second = (activation.derivative(x, order=order) for order in range(3))
    equal = functools.partial(np.testing.assert_allclose, rtol=4 * np.finfo(dtype).eps)
    for call in (function, jax.jit(function), jax.vmap(function), jax.vmap(jax.vmap(function), 1, 1)):
        equal(call(x), value)
        assert call(x).dtype == dtype
    equal(jax.vmap(jax.vmap(jax.grad(function)))(x), first)
    equal(jax.vmap(jax.vmap(jax.grad(jax.grad(function))))(x), second)
    equal(jax.vmap(jax.vmap(jax.jacfwd(jax.grad(function))))(x), second)
    equal(jax.vmap(jax.vmap(jax.jacrev(jax.jacfwd(function))))(x), second)
    y, dy = jax.jvp(function, (x,), (t,))
    equal(y, value)
    equal(dy, first * t)
    y, back = jax.vjp(function, x)
    equal(jax.jit(back)(t)[0], first * t)
    equal(jax.linearize(function, x)[1](t), first * t)
    equal(jax.jvp(lambda x: jax.vjp(function, x)[1](t)[0], (x,), (t,))[1], second * t * t)
    equal(jax.grad(lambda x: jax.checkpoint(function)(x).sum())(x), first)
    carried, _ = jax.lax.scan(lambda c, row: (c + function(row).sum(), None), jnp.zeros((), dtype), x)
    equal(carried, value.sum(), rtol=1e-5)
    tree = jax.tree.map(function, {"a": x, "b": [x[0]]})
    equal(tree["b"][0], value[0])
    with jax.disable_jit():
        equal(function(x[0]), value[0])


@pytest.mark.parametrize("name", thinned(PARAMETERS, "swish"))
def test_parameters_have_gradients_of_their_own_shape(name: str, x64: bool) -> None:
    activation, function, given = actfn.get(name), getattr(A, name), PARAMETERS[name]
    x, g = np.random.default_rng(0).normal(0, 3, (2, 5, 3))
    keys = tuple(given)
    for shape in ((), (3,), (5, 1), (5, 3)):
        parameters = {key: np.full(shape, value) for key, value in given.items()}
        expected = activation.parameter_vjp(x, g, **parameters)
        arrays = tuple(jnp.asarray(parameters[key]) for key in keys)
        for wrapped in (function, jax.jit(function)):
            loss = lambda p, wrapped=wrapped: (wrapped(jnp.asarray(x), *p) * g).sum()
            for key, found in zip(keys, jax.grad(loss)(arrays)):
                assert found.shape == shape
                np.testing.assert_allclose(found, expected[key], 1e-12 if x64 else 2e-5, err_msg=key)
    rows = jax.vmap(lambda x, p: function(x, *p), (0, None))(jnp.asarray(x), tuple(jnp.full(3, given[k]) for k in keys))
    np.testing.assert_allclose(rows, activation(x, **given), 1e-5)
    each = jax.vmap(lambda p: function(jnp.asarray(x[0]), *p))(tuple(jnp.full((2,), given[k]) for k in keys))
    np.testing.assert_allclose(each, np.stack([activation(x[0], **given)] * 2), 1e-5)


def test_activations_take_jax_arrays_with_their_gradients() -> None:
    x = jnp.array([-1e30, -800, -40, -3, -1e-10, -0.0, 0, 1e-10, 0.5, 3, 40, 800, 1e30], jnp.float32)
    for name in ("mish", "selu", "softsign", "hard_sigmoid", "leaky_relu", "elu"):
        activation = actfn.get(name)
        first = jax.grad(lambda x, f=activation: f(x).sum())
        second = jax.jit(jax.grad(lambda x, f=activation: f.derivative(x).sum()))
        np.testing.assert_array_equal(jax.jit(activation)(x), activation(np.asarray(x)))
        np.testing.assert_array_equal(first(x), activation.derivative(np.asarray(x)))
        np.testing.assert_array_equal(second(x), activation.derivative(np.asarray(x), order=2))
        product = jax.grad(lambda x, f=activation: f.vjp(x, 2.0).sum())
        np.testing.assert_array_equal(product(x), 2 * activation.derivative(np.asarray(x), order=2))
    np.testing.assert_array_equal(jax.grad(lambda x: actfn.softmax(x)[0])(jnp.zeros(2)), [0.25, -0.25])
    np.testing.assert_array_equal(jax.jacobian(actfn.log_softmax)(jnp.zeros(2)), [[0.5, -0.5], [-0.5, 0.5]])
    hessian = jax.grad(lambda x: actfn.softmax.vjp(x, jnp.array([1.0, 0]))[0])(jnp.array([0.0, 1]))
    np.testing.assert_allclose(hessian, [0.09085775, -0.09085775], 1e-6)  # s (1 - s) (1 - 2 s) for s = 1 / (1 + e)
    np.testing.assert_array_equal(jax.grad(lambda x: actfn.maxout(x, group_size=3).sum())(jnp.zeros(3)), [1, 0, 0])
    beta = jax.grad(lambda beta: actfn.swish(jnp.array([-1.0, 2]), beta=beta).sum())(2.0)
    assert float(beta) == pytest.approx(
        float(actfn.swish.parameter_vjp([-1.0, 2], [1.0, 1], beta=2.0)["beta"]), rel=1e-6
    )


def test_a_parameters_gradient_is_summed_in_float32() -> None:
    x = -jnp.ones(10_000, jnp.bfloat16)
    assert float(jax.grad(lambda a: A.prelu(x, a).sum())(jnp.float32(0.5))) == -10_000
    assert jax.grad(lambda a: A.prelu(x, a).sum())(jnp.bfloat16(0.5)).dtype == jnp.bfloat16


@pytest.mark.parametrize("name", thinned(PARAMETERS, "elu", "swish"))
def test_second_derivatives_by_parameters_follow_the_formula(name: str) -> None:
    function = getattr(A, name)
    with jax.enable_x64(True):
        hessian = jax.jit(jax.hessian(lambda v: function(v[0], *v[1:])))
        for x in (-100.0, -3.25, -0.5, 0.125, 0.75, 2.5, 30.0, 800.0):
            point = {"x": x, **PARAMETERS[name]}
            found = hessian(jnp.array([*point.values()]))
            for i, by in enumerate(point):
                for j, then in enumerate(point):
                    expected = derivative_of_derivative(name, point, by, then)
                    assert float(found[i, j]) == pytest.approx(expected, rel=1e-10, abs=1e-300), (x, by, then)


@pytest.mark.parametrize(
    "name", thinned(["tanh", "sigmoid", "silu", "mish", "gelu", "gelu_tanh", "softplus", "elu", "selu"], "mish")
)
def test_third_derivatives_follow_the_formula(name: str) -> None:
    with jax.enable_x64(True):
        third = jax.jit(jax.grad(jax.grad(jax.grad(getattr(A, name)))))
        for x in (
            -1e300,
            -800.0,
            -100.0,
            -6.0,
            -1.5,
            *([] if name in ("elu", "selu", "gelu_tanh") else [0.0]),
            0.75,
            4.0,
            40.0,
            800.0,
            1e300,
        ):
            expected = derivative_of_derivative(name, {"x": x, **DEFAULTS[name]}, "x", "x", order=2)
            assert float(third(x)) == pytest.approx(expected, rel=1e-10, abs=1e-300), x


# Rows and groups.
@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("dtype", thinned(["float16", "bfloat16", "float32", "float64"], "bfloat16", "float32"))
def test_rows(name: str, dtype: str) -> None:
    activation, function = actfn.get(name), ROWS[name]
    with jax.enable_x64(True):
        x, g = (jnp.asarray(a, dtype) for a in np.random.default_rng(0).normal(0, 5, (2, 3, 4, 5)))
        wide_x, wide_g = np.asarray(x, np.float64), np.asarray(g, np.float64)
        eps = float(ml_dtypes.finfo(dtype).eps)
        for axis in (-1, 0, 1):
            y, back = jax.vjp(lambda x, axis=axis: function(x, axis=axis), x)
            assert y.dtype == x.dtype
            least = float(ml_dtypes.finfo(dtype).smallest_subnormal)
            np.testing.assert_allclose(np.asarray(y, np.float64), activation(wide_x, axis=axis), eps, least)
            exact = activation.vjp(wide_x, wide_g, axis=axis)
            np.testing.assert_allclose(
                np.asarray(back(g)[0], np.float64), exact, 4 * eps, 4 * eps * np.abs(wide_g).max()
            )
            mapped = jax.vmap(lambda x, axis=axis: function(x, axis=axis % 3 - 3), 1, 1)
            np.testing.assert_array_equal(mapped(x[:, None].repeat(2, 1))[:, 0], y)
        if dtype == "float64":
            square = jax.jacfwd(function)(x[0, 0]), jax.jacrev(function)(x[0, 0])
            for found in square:
                np.testing.assert_allclose(found, activation.jacobian(wide_x[0, 0]), 1e-12, 1e-15)
            check_grads(function, (x[0, 0],), order=2)


def test_small_terms_of_rows_keep_their_digits() -> None:
    x = jnp.array([37.43, 0.0], jnp.float32)
    for function, size in ((A.log_softmax, 5.55082e-17), (A.softmax, 5.55082e-17)):
        found = jax.grad(lambda x, function=function: function(x)[0])(x)
        np.testing.assert_allclose(found, [size, -size], 1e-5)
    assert float(A.log_softmax(jnp.array([16.942385, 0.0], jnp.float32))[0]) == pytest.approx(-4.3854e-8, rel=1e-4)
    assert float(A.softmax(jnp.zeros(70_000, jnp.float16)).astype(jnp.float32).sum()) == pytest.approx(1, rel=2e-2)


def test_a_masked_row_spoils_no_other() -> None:
    x = jnp.array([[-jnp.inf, -jnp.inf], [1.0, 2.0]])
    gradient = jax.grad(lambda x: A.softmax(x)[1, 0])(x)
    np.testing.assert_allclose(gradient[1], [0.19661193, -0.19661193], 1e-6)
    np.testing.assert_array_equal(gradient[0], [0, 0])
    np.testing.assert_array_equal(A.softmax(x)[0], [0.5, 0.5])
    assert A.softmax(jnp.zeros((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("grouping", ["contiguous", "strided"])
def test_maxout(grouping: str) -> None:
    x = np.array([[1.0, 3.0, 2.0, 2.0], [np.nan, 0.0, -np.inf, 5.0]], np.float32)
    g = np.array([[10.0, 20.0], [30.0, 40.0]], np.float32)
    activation = actfn.maxout.with_parameters(group_size=2, grouping=grouping)
    y, back = jax.vjp(lambda x: A.maxout(x, 2, grouping=grouping), x)
    np.testing.assert_array_equal(y, activation(x))
    np.testing.assert_array_equal(back(g)[0], activation.vjp(x, g))
    np.testing.assert_array_equal(jax.jit(A.function_of(activation))(x), y)


# What comes out, and what is refused.
def test_what_comes_out(x64: bool) -> None:
    default = jnp.float64 if x64 else jnp.float32
    for name in ("relu", "mish", "swish", "hard_sigmoid", "softmax") if x64 else COMMON:
        if name in ("maxout", "prelu"):
            continue
        function = getattr(A, name)
        for x in (jnp.arange(6).reshape(2, 3), jnp.ones((2, 3), bool), np.ones((2, 3), np.int8)):
            assert function(x).dtype == default
        for dtype in (jnp.float16, jnp.bfloat16, jnp.float32):
            assert function(jnp.ones((2, 0), dtype)).shape == (2, 0)
            assert function(jnp.ones((2, 3), dtype)).dtype == dtype
    assert A.mish(1).shape == ()
    assert A.mish([1, 2]).tolist() == A.mish(jnp.array([1.0, 2.0])).tolist()


def test_functions_are_named_and_documented() -> None:
    assert A.__all__ == ["function_of", *actfn.names()]
    for name in actfn.names():
        function = getattr(A, name)
        assert function.__name__ == name
        assert function.__module__ == "actfn.jax"
        assert actfn.get(name).summary in function.__doc__
        assert pickle.loads(pickle.dumps(function)) is function
    steep = A.function_of(actfn.leaky_relu.with_parameters(negative_slope=0.5))
    assert float(steep(-2.0)) == -1
    assert float(steep(-2.0, 0.25)) == -0.5


def test_a_function_of_ones_own() -> None:
    from actfn.functions.declare import Interval

    @actfn.elementwise()
    class cubed_for_jax:
        """x^3."""

        def formula(m: Any, x: Any) -> Any:
            return x**3

        def value(m: Any, x: Any) -> Any:
            return x * x * x

        def first(m: Any, x: Any) -> Any:
            return 3.0 * x * x

        def second(m: Any, x: Any) -> Any:
            return 6.0 * x

        def range() -> Interval:
            return Interval()

    try:
        function = A.function_of(cubed_for_jax)
        found = jax.jit(jax.vmap(jax.grad(jax.grad(function))))(jnp.array([1.0, 2.0]))
        assert found.tolist() == [6, 12]
    finally:
        del catalogue._all()["cubed_for_jax"]
        catalogue._keys.cache_clear()


def test_bad_input_is_one_clear_error() -> None:
    x = jnp.ones((2, 3))
    for message, kind, call in [
        (r"mish is not defined for dtype complex64; it takes", TypeError, lambda: A.mish(x + 1j)),
        (r"mish takes an array of real numbers, got str 'a'", TypeError, lambda: A.mish("a")),
        (r"prelu needs alpha, for example alpha=0.25", TypeError, lambda: A.prelu(x)),
        (
            r"parameters of shape \(2,\) do not broadcast against x of shape \(2, 3\)",
            ValueError,
            lambda: A.prelu(x, jnp.ones(2)),
        ),
        (r"elu: alpha must be in \[0, inf\), got -1", ValueError, lambda: A.elu(x, -1)),
        (r"no parameter 'alhpa'; did you mean 'alpha'", TypeError, lambda: A.elu(x, alhpa=1)),
        (r"elu got alpha twice", TypeError, lambda: A.elu(x, 1, alpha=1)),
        (r"elu takes x and 1 parameters, got 3", TypeError, lambda: A.elu(x, 1, 2)),
        (r"axis must be from -2 to 1", ValueError, lambda: A.softmax(x, axis=2)),
        (r"axis 1 has length 3, which is not a multiple of group_size 2", ValueError, lambda: A.maxout(x, 2)),
        (r"has no attribute 'mihs'; did you mean mish", AttributeError, lambda: A.mihs),
        (r"int32", TypeError, lambda: jax.grad(A.mish)(jnp.int32(1))),
    ]:
        with pytest.raises(kind, match=message):
            call()


def test_an_error_in_a_compiled_program_is_told() -> None:
    from actfn.frontends import jax_calls

    broken = jax_calls.Rows("softmax", -2)
    with pytest.raises(jax.errors.JaxRuntimeError, match="actfn: AxisError: axis -2 is out of bounds"):
        jax.block_until_ready(jax.jit(lambda x: jax_calls.call(broken, x))(jnp.ones(3)))


def test_the_name_of_a_call_has_every_digit() -> None:
    assert xla_calls.name_of("elu", (0.1,)) == "elu 0x1.999999999999ap-4"
    x = jnp.float32(-1)
    # 0.1 is not a number of float32: the nearest is 1.5e-9 away.
    assert float(A.leaky_relu(jnp.float32(-3e7), 0.1)) == float(np.float32(-3e7 * 0.1))
    assert float(A.elu(x, 0.1)) == float(actfn.elu(np.float32(-1), alpha=0.1))


def test_large_arrays_in_threads_have_the_same_bits() -> None:
    x = np.random.default_rng(0).normal(0, 3, 2**20 + 3).astype(np.float32)
    np.testing.assert_array_equal(jax.jit(A.mish)(x), actfn.mish(x))
    np.testing.assert_array_equal(A.softmax(x[: 2**20].reshape(1024, -1)), actfn.softmax(x[: 2**20].reshape(1024, -1)))


def test_several_devices_share_an_array() -> None:
    code = """
import jax, numpy as np, actfn, actfn.jax as A
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
mesh = Mesh(np.array(jax.devices()), ("i",))
x = np.linspace(-5, 5, 64, dtype=np.float32).reshape(8, 8)
spread = jax.device_put(x, NamedSharding(mesh, P("i")))
loss = jax.jit(jax.grad(lambda x: A.mish(x).sum()))
np.testing.assert_array_equal(loss(spread), actfn.mish.gradient(x))
mapped = jax.jit(jax.shard_map(jax.vmap(jax.vmap(jax.grad(A.gelu))), mesh=mesh, in_specs=P("i"), out_specs=P("i")))
np.testing.assert_array_equal(mapped(spread), actfn.gelu.gradient(x))
print(len(jax.devices()))
"""
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.strip() == "2", done.stderr


# JAX's own published expectations of these functions.
def test_what_jax_expects_of_its_own_functions() -> None:
    check_grads(A.softplus, (0.0,), order=1)
    for at in (float("-inf"), float("nan")):
        check_grads(A.softplus, (at,), order=1)
        check_grads(A.mish, (at,), order=1)
    assert jax.grad(A.softplus)(float("inf")) == 1
    assert A.softplus(0.0) == jnp.log(2.0)
    np.testing.assert_allclose(A.softplus(89.0), 89)
    np.testing.assert_allclose(A.mish(1e3), 1e3, atol=1e-3)
    assert A.mish(0.0) == 0
    check_grads(A.relu, (1.0,), order=3)
    check_grads(A.relu, (-1.0,), order=3)
    assert jax.grad(A.relu)(0.0) == 0
    np.testing.assert_allclose(A.elu(1e4), 1e4)
    x = jnp.linspace(-12, 5, 10_000, dtype=jnp.float32)
    exact = np.asarray(x, np.float64) * scipy.stats.norm.cdf(np.asarray(x, np.float64))
    np.testing.assert_allclose(A.gelu(x), exact, 2e-5)
    np.testing.assert_allclose(A.gelu_tanh(x), exact, 2e-5, 1e-3)
    for function in (A.gelu, A.gelu_tanh):
        np.testing.assert_allclose(function(jnp.array(-1)), function(jnp.array(-1.0)))
    check_grads(A.softmax, (jnp.array([5.5, 1.3, -4.2, 0.9]),), order=2, atol=5e-3)
    for function in (A.softmax, A.log_softmax):
        assert function(jnp.array([], dtype=float)).shape == (0,)
    jax.make_jaxpr(lambda: A.elu(jnp.ones((10**12,))))()


@pytest.mark.slow
def test_what_jax_expects_of_fourth_derivatives() -> None:
    check_grads(A.softplus, (1e-8,), order=4)
    check_grads(A.mish, (1e-8,), order=4)
    check_grads(A.elu, (1e4,), order=4, eps=1.0)


@pytest.mark.slow
def test_the_example_learns() -> None:
    command = [sys.executable, ROOT / "examples" / "jax_digits.py"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["relu", "mish", "swish", "prelu"]
    assert all(float(line.split()[1]) > 94 for line in lines), lines


def test_a_missing_jax_is_told() -> None:
    code = "import sys; sys.modules['jax'] = None\nimport actfn.jax"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == 'ModuleNotFoundError: actfn.jax needs JAX: pip install "actfn[jax]"'


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = "import sys, actfn; print([n for n in ('jax', 'keras', 'torch') if n in sys.modules]); actfn.jax.mish(1.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
