"""Functions of learnt coefficients, and functions of channels: exact values, derivatives and parameter gradients."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from reference import BFLOAT16, FLOATS, Array, long, same_bits, worst

import actfn
from actfn.layers import APL, SLAF

Exact = Callable[..., Fraction]


def rounded(values: Any) -> Array:
    """Return fractions as long doubles, rounded once."""
    found = []
    for v in values:
        whole, rest = divmod(abs(v.numerator) * 2**80, v.denominator)
        found.append(
            math.copysign(1, v) * np.ldexp(long(str(whole)) + long(str(float(Fraction(rest, v.denominator)))), -80)
        )
    return np.array(found, np.longdouble)


def fractions(x: Any) -> list[Fraction]:
    return [Fraction(float(v)) for v in np.ravel(x)]


def hinge(x: Fraction, b: Fraction) -> Fraction:
    return max(b - x, Fraction(0))


def apl(x: Fraction, a: list[Fraction], b: list[Fraction]) -> Fraction:
    return max(x, Fraction(0)) + sum(s * hinge(x, c) for s, c in zip(a, b))


def apl_slope(x: Fraction, a: list[Fraction], b: list[Fraction]) -> Fraction:
    return Fraction(int(x > 0)) - sum(s for s, c in zip(a, b) if x < c)


def polynomial(x: Fraction, c: list[Fraction]) -> Fraction:
    return sum((one * x**k for k, one in enumerate(c)), Fraction(0))


COEFFICIENTS = {
    "apl": {"a": [0.25, -0.75, 1.5], "b": [0.5, -1.25, 0.0]},
    "slaf": {"coefficients": [0.5, -1.25, 0.75, 0.125]},
}
NAMES = [*COEFFICIENTS]


def exact(name: str, order: int, x: Fraction, given: dict[str, Any]) -> Fraction:
    lists = [fractions(value) for value in given.values()]
    if name == "apl":
        return (apl, apl_slope, lambda *_: Fraction(0))[order](x, *lists)
    (c,) = lists
    for _ in range(order):
        c = [k * one for k, one in enumerate(c)][1:]
    return polynomial(x, c)


def points(dtype: Any, count: int = 400) -> Array:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=count) * 3, rng.normal(size=count) * 2.0 ** rng.integers(-4, 5, count)])
    return np.concatenate([x, [0.0, 0.5, -1.25, 1e-3]]).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives_are_exact(name: str, order: int, dtype: np.dtype[Any]) -> None:
    x, given = points(dtype), COEFFICIENTS[name]
    got = actfn.get(name).derivative(x, order=order, **given)
    assert got.dtype == dtype
    expected = rounded(exact(name, order, v, given) for v in fractions(x))
    assert worst(got, expected) <= (0.502 if dtype == np.float64 else 0.5001)
    if order == 1:
        g = np.random.default_rng(1).normal(size=x.shape).astype(dtype)
        product = rounded(exact(name, 1, v, given) * c for v, c in zip(fractions(x), fractions(g)))
        assert worst(actfn.get(name).vjp(x, g, **given), product) <= (2.0 if dtype == np.float64 else 0.5001)
        value, first = actfn.get(name).value_and_derivative(x, **given)
        assert same_bits(first, got) and same_bits(value, actfn.get(name)(x, **given))


def test_sums_that_cancel_keep_their_digits() -> None:
    x = np.array([1 + 2.0**-30, 1 - 2.0**-40, 3 + 2.0**-45])
    c = [-1.0, 3.0, -3.0, 1.0]  # (x - 1)^3
    assert worst(actfn.slaf(x, coefficients=c), rounded((v - 1) ** 3 for v in fractions(x))) <= 1
    a, b = [1e16, -1e16], [2.0, 1.0]
    at = np.array([0.3, -0.7])
    expected = rounded(apl(v, fractions(a), fractions(b)) for v in fractions(at))
    assert worst(actfn.apl(at, a=a, b=b), expected) <= 1


def test_infinity_nan_and_large_numbers() -> None:
    inf, nan = math.inf, math.nan
    x = np.array([-inf, inf, nan, -1e300, 1e300])
    np.testing.assert_array_equal(actfn.apl(x, a=[1.0, -1.0], b=[0.5, 2.0]), [-1.5, inf, nan, -1.5, 1e300])
    np.testing.assert_array_equal(actfn.apl(x, a=[1.0, -0.5], b=[0.5, 2.0]), [inf, inf, nan, 5e299, 1e300])
    np.testing.assert_array_equal(actfn.slaf(x, coefficients=[1.0, 0.0, -1.0, 0.0]), [-inf, -inf, nan, -inf, -inf])
    np.testing.assert_array_equal(actfn.slaf(x, coefficients=[1.0, 2.0]), [-inf, inf, nan, -2e300, 2e300])
    np.testing.assert_array_equal(actfn.slaf(x, coefficients=[4.0]), [4.0, 4.0, nan, 4.0, 4.0])
    np.testing.assert_array_equal(actfn.apl.derivative(x, a=[1.0, -1.0], b=[0.5, 2.0]), [0, 1, nan, 0, 1])


@pytest.mark.parametrize("shape", [(), (4,), (5, 1), (5, 4)])
@pytest.mark.parametrize("name", NAMES)
def test_coefficients_broadcast_and_have_gradients_in_their_own_shape(name: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 5, 4))
    given = {key: rng.normal(size=(*shape, 3)) for key in COEFFICIENTS[name]}
    whole = {key: np.broadcast_to(value, (5, 4, 3)) for key, value in given.items()}
    expected = np.array(
        [
            [float(exact(name, 0, Fraction(x[i, j]), {k: v[i, j] for k, v in whole.items()})) for j in range(4)]
            for i in range(5)
        ]
    )
    np.testing.assert_allclose(actfn.get(name)(x, **given), expected, rtol=1e-15)
    got = actfn.get(name).parameter_vjp(x, g, **given)
    for key, gradient in got.items():
        assert gradient.shape == given[key].shape
        each = np.empty((5, 4, 3))
        for i, j, k in np.ndindex(5, 4, 3):
            a, at = whole.get("a", x[..., None])[i, j], x[i, j]
            if key == "coefficients":
                partial = at**k
            else:
                corner = whole["b"][i, j, k]
                partial = max(corner - at, 0.0) if key == "a" else a[k] * (at < corner)
            each[i, j, k] = g[i, j] * partial
        axes = tuple(i for i in range(2) if i < 2 - len(shape) or (shape[i - 2 + len(shape)] == 1))
        summed = each.sum(axis=axes, keepdims=True).reshape((*shape, 3))
        np.testing.assert_allclose(gradient, summed, rtol=1e-12)


def test_dtypes_and_numbers() -> None:
    x = np.linspace(-2, 2, 5)
    assert same_bits(actfn.apl(x, a=0.5, b=1.0), actfn.apl(x, a=[0.5], b=[1.0]))
    assert actfn.apl.parameter_vjp(x, np.ones(5), a=0.5, b=1.0)["a"].shape == ()
    assert actfn.slaf(np.arange(3), coefficients=[0, 1]).dtype == np.float64
    assert actfn.slaf(np.ones(3, BFLOAT16), coefficients=[0.0, 1.0]).dtype == BFLOAT16
    c = np.ones(3, np.float16)
    assert actfn.slaf.parameter_vjp(x.astype(np.float32), 1.0, coefficients=c)["coefficients"].dtype == np.float16
    assert isinstance(actfn.slaf(2.0, coefficients=[1.0, 1.0]), np.float64)
    out = np.empty(5)
    assert actfn.slaf(x, coefficients=[0.0, 1.0], out=out) is out
    assert same_bits(out, x)
    strided = np.arange(24.0).reshape(4, 6)[::-1, ::2]
    assert same_bits(actfn.slaf(strided, coefficients=[0.0, 2.0]), 2 * strided)


def test_range_and_kinks() -> None:
    bent = actfn.apl.with_parameters(a=[0.25, -0.75], b=[0.5, -1.0])
    assert [tuple(kink) for kink in bent.kinks] == [
        (-1.0, 0.5, -0.25, -0.25),
        (0.0, -0.25, 0.75, -0.25),
        (0.5, 0.75, 1.0, 1.0),
    ]
    for kink in bent.kinks:
        assert float(bent.derivative(kink.x)) == kink.chosen
        assert float(bent.derivative(np.nextafter(kink.x, -9))) == kink.left
        assert float(bent.derivative(np.nextafter(kink.x, 9))) == kink.right
    assert (bent.range.low, bent.range.high) == (-math.inf, math.inf)
    low = actfn.slaf.with_parameters(coefficients=[1.0, 2.0, 1.0]).range
    assert (low.low, low.low_closed, low.high) == (0.0, True, math.inf)
    assert actfn.slaf.with_parameters(coefficients=[3.0, 0.0]).range == actfn.Interval(3.0, 3.0, True, True)
    assert pickle.loads(pickle.dumps(bent)) == bent


@pytest.mark.parametrize("name", NAMES)
def test_pytorch_and_jax_differentiate_by_the_coefficients(name: str) -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    x, g = np.random.default_rng(0).normal(size=(2, 5, 4))
    given = {key: np.array(value) for key, value in COEFFICIENTS[name].items()}
    function = actfn.get(name)
    tensor = torch.tensor(x, requires_grad=True)
    held = {key: torch.tensor(value, requires_grad=True) for key, value in given.items()}
    y = function(tensor, **held)
    y.backward(torch.tensor(g))
    np.testing.assert_allclose(y.detach().numpy(), function(x, **given), rtol=1e-13)
    np.testing.assert_allclose(tensor.grad.numpy(), function.vjp(x, g, **given), rtol=1e-13)
    for key, gradient in function.parameter_vjp(x, g, **given).items():
        np.testing.assert_allclose(held[key].grad.numpy(), gradient, rtol=1e-12)
    got = jax.grad(lambda x, given: (function(x, **given) * g).sum(), argnums=(0, 1))(jax.numpy.asarray(x), given)
    np.testing.assert_allclose(got[0], function.vjp(x, g, **given), rtol=1e-4)
    for key, gradient in function.parameter_vjp(x, g, **given).items():
        np.testing.assert_allclose(got[1][key], gradient, rtol=1e-4)


def test_the_layers_hold_them() -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 50, 3))
    for layer in (
        APL(4, (3,), rng=np.random.default_rng(1)),
        SLAF([0.0, 1.0, 0.25], (3,)),
        APL(2),
        SLAF(dtype=np.float32),
    ):
        name = type(layer).__name__.lower()
        y = layer.forward(x)
        assert same_bits(y, actfn.get(name)(x, **layer.parameters))
        assert same_bits(layer.backward(g), actfn.get(name).vjp(x, g, **layer.parameters))
        for key, gradient in layer.gradients.items():
            assert (gradient.shape, gradient.dtype) == (layer.parameters[key].shape, layer.parameters[key].dtype)
    start = APL(3, rng=np.random.default_rng(2))
    assert same_bits(start.forward(x), actfn.relu(x))
    assert same_bits(SLAF().forward(x), x)
    # A step down the gradient: a polynomial learns |x|.
    layer, losses = SLAF([0.0, 1.0, 0.0, 0.0, 0.0]), []
    z = np.linspace(-1, 1, 201)
    for _ in range(400):
        error = layer.forward(z) - np.abs(z)
        losses.append(float(np.mean(error**2)))
        layer.backward(2 * error / error.size)
        layer.parameters["coefficients"] -= 0.5 * layer.gradients["coefficients"]
    assert losses[-1] < 0.01 * losses[0]
    with pytest.raises(ValueError, match="APL: hinges must be a positive integer, got 0"):
        APL(0)
    with pytest.raises(ValueError, match="SLAF: coefficients must be a list"):
        SLAF([])


def test_mistakes_are_one_clear_sentence() -> None:
    x = np.ones((2, 3))
    cases: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (TypeError, r"apl needs a, for example a=\[0.2\]", lambda: actfn.apl(x)),
        (ValueError, "terms must agree, got 2 as a and 1 as b", lambda: actfn.apl(x, a=[1.0, 2.0], b=[1.0])),
        (
            ValueError,
            r"a of shape \(2, 1\) does not fit x of shape \(2, 3\)",
            lambda: actfn.apl(x, a=[[1.0]] * 2, b=1.0),
        ),
        (ValueError, "slaf needs one term at least", lambda: actfn.slaf(x, coefficients=[])),
        (TypeError, "slaf has no parameter 'c'", lambda: actfn.slaf(x, c=[1.0])),
        (TypeError, "slaf is not defined for dtype complex128", lambda: actfn.slaf(x + 0j, coefficients=[1.0])),
        (ValueError, "order must be 0, 1 or 2, got 3", lambda: actfn.slaf.derivative(x, 3, coefficients=[1.0])),
        (ValueError, r"x of shape \(\) has no axis -1 of channels", lambda: actfn.crelu(1.0)),
        (ValueError, r"x of shape \(2, 3\) has no axis 2 of channels", lambda: actfn.bipolar_relu(x, axis=2)),
        (ValueError, r"shape \(2, 6\) of the result, got \(2, 3\)", lambda: actfn.crelu.vjp(x, x)),
        (TypeError, "crelu is not defined for dtype complex128", lambda: actfn.crelu(x + 0j)),
        (TypeError, "crelu treats channels in different ways", lambda: actfn.crelu.derivative(x)),
    ]
    for kind, pattern, call in cases:
        with pytest.raises(kind, match=pattern) as caught:
            call()
        assert "\n" not in str(caught.value)


# Functions of channels.
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_functions_of_channels(axis: int, dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 5)).astype(dtype)
    zero = x.dtype.type(0)
    both = np.concatenate([np.where(x > 0, x, zero), np.where(x < 0, -x, zero)], axis)
    got = actfn.crelu(x, axis=axis)
    assert same_bits(got, both)
    g = rng.normal(size=got.shape).astype(dtype)
    first, second = np.split(g, 2, axis)
    assert same_bits(actfn.crelu.vjp(x, g, axis=axis), np.where(x > 0, first, -second))
    place = np.arange(x.shape[axis]).reshape([-1 if i == axis % 3 else 1 for i in range(3)])
    even = np.broadcast_to(place % 2 == 0, x.shape)
    got, g = actfn.bipolar_relu(x, axis=axis), rng.normal(size=x.shape).astype(dtype)
    assert np.array_equal(got, np.where(even == (x > 0), x, zero))
    assert np.array_equal(actfn.bipolar_relu.vjp(x, g, axis=axis), np.where(even == (x > 0), g, zero))
    target = np.empty_like(got)
    assert actfn.bipolar_relu(x, axis=axis, out=target) is target and same_bits(target, got)
    held = x.copy()
    assert same_bits(actfn.bipolar_relu(held, axis=axis, out=held), got)


def test_bipolar_keeps_the_mean_near_zero() -> None:
    x = np.random.default_rng(0).normal(size=(100_000, 2))
    # Each half-normal mean is 1 / sqrt(2 pi), with opposite signs.
    mean = actfn.bipolar_relu(x).mean(axis=0)
    half, spread = 1 / math.sqrt(2 * math.pi), math.sqrt(0.5 - 1 / (2 * math.pi))
    assert np.all(np.abs(mean - [half, -half]) <= 6 * spread / math.sqrt(len(x)))


@pytest.mark.parametrize("library", ["torch", "jax", "array_api_strict"])
@pytest.mark.parametrize("name", ["crelu", "bipolar_relu"])
def test_channels_in_other_libraries(name: str, library: str) -> None:
    module = pytest.importorskip("jax.numpy" if library == "jax" else library)
    function = actfn.get(name)
    x = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    y = function(x, axis=1)
    g = np.random.default_rng(1).normal(size=y.shape).astype(np.float32)
    array, cotangent = (module.asarray(part) for part in (x, g))
    assert np.array_equal(np.asarray(function(array, axis=1)), y)
    assert np.array_equal(np.asarray(function.vjp(array, cotangent, axis=1)), function.vjp(x, g, axis=1))
    if library == "torch":
        array.requires_grad_()
        function(array, axis=1).backward(cotangent)
        assert np.array_equal(array.grad.numpy(), function.vjp(x, g, axis=1))


def test_crelu_is_that_of_tensorflow_and_of_pytorchs_recipe() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(3, 4))
    recipe = actfn.crelu.frameworks["PyTorch"].partition(" (")[0]
    assert recipe.startswith("torch.cat((torch.relu(x)")
    theirs = eval(recipe, {"torch": torch, "x": torch.tensor(x), "axis": -1})
    assert np.array_equal(theirs.numpy(), actfn.crelu(x))
    assert actfn.lookup("crelu", "tensorflow").function == actfn.crelu
