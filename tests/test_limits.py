"""Dtypes that are kept, widened or refused; silence on the hardest inputs; NaN, infinities and the sign of zero."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from reference import (
    COMMON,
    DEFAULTS,
    EACH,
    ELEMENTWISE,
    EVERY,
    FLOATS,
    INTEGERS,
    PARAMETERS,
    Array,
    inputs_of,
    same_bits,
)

import actfn
from actfn import ufuncs

INF = np.inf
Limits = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

# f, f' and f'' at -inf and +inf, derived by hand, with default parameters; prelu's alpha is 0.25. The sign of a zero is
# that of the values on the way there; where those are zero themselves, it is plus.
LIMITS: dict[str, Limits] = {
    "identity": ((-INF, INF), (1.0, 1.0), (0.0, 0.0)),
    "sigmoid": ((0.0, 1.0), (0.0, 0.0), (0.0, -0.0)),
    "tanh": ((-1.0, 1.0), (0.0, 0.0), (0.0, -0.0)),
    "relu": ((0.0, INF), (0.0, 1.0), (0.0, 0.0)),
    "leaky_relu": ((-INF, INF), (0.01, 1.0), (0.0, 0.0)),
    "prelu": ((-INF, INF), (0.25, 1.0), (0.0, 0.0)),
    "elu": ((-1.0, INF), (0.0, 1.0), (0.0, 0.0)),
    "selu": ((-1.7580993408473768, INF), (0.0, 1.0507009873554805), (0.0, 0.0)),
    "softplus": ((0.0, INF), (0.0, 1.0), (0.0, 0.0)),
    "swish": ((-0.0, INF), (-0.0, 1.0), (-0.0, -0.0)),
    "silu": ((-0.0, INF), (-0.0, 1.0), (-0.0, -0.0)),
    "mish": ((-0.0, INF), (-0.0, 1.0), (-0.0, -0.0)),
    "softsign": ((-1.0, 1.0), (0.0, 0.0), (0.0, -0.0)),
    "hard_sigmoid": ((0.0, 1.0), (0.0, 0.0), (0.0, 0.0)),
    "gelu": ((-0.0, INF), (-0.0, 1.0), (-0.0, -0.0)),
    "gelu_tanh": ((-0.0, INF), (-0.0, 1.0), (-0.0, -0.0)),
}
OTHER_LIMITS: tuple[tuple[str, dict[str, float], Limits], ...] = (
    ("swish", {"beta": -1.5}, ((-INF, 0.0), (1.0, -0.0), (0.0, 0.0))),
    ("swish", {"beta": 0.0}, ((-INF, INF), (0.5, 0.5), (0.0, 0.0))),
    ("prelu", {"alpha": -0.625}, ((INF, INF), (-0.625, 1.0), (0.0, 0.0))),
    ("elu", {"alpha": 1.75}, ((-1.75, INF), (0.0, 1.0), (0.0, 0.0))),
    ("softplus", {"beta": 1.25}, ((0.0, INF), (0.0, 1.0), (0.0, 0.0))),
    ("hard_sigmoid", {"slope": 0.375, "offset": 0.625}, ((0.0, 1.0), (0.0, 0.0), (0.0, 0.0))),
)
# Functions with f(x) = x (c + o(1)), c > 0, left of 0: they keep the sign of a zero.
THROUGH_ZERO = tuple(sorted({*ELEMENTWISE} - {"sigmoid", "softplus", "hard_sigmoid", "relu"}))


def hardest(dtype: np.dtype[Any]) -> Array:
    """Return the inputs that overflow, underflow or make NaN in a careless formula."""
    info = np.finfo(np.float64) if dtype.kind != "f" else np.finfo(dtype)
    magnitudes = [0, info.smallest_subnormal, info.tiny, 1e-7, 1, 3, 5.5, 11, 20, 40, 88.8, 104, 500, 709.8, 745.2, 800]
    magnitudes += [65504.0, 1e19, 3e38, float(info.max), INF, np.nan]
    with np.errstate(all="ignore"):
        return np.array([sign * size for size in magnitudes for sign in (1, -1)]).astype(dtype)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_dtypes(name: str) -> None:
    function, parameters = actfn.get(name), DEFAULTS[name]
    expected = function(np.array([0.0, 1.0]), **parameters)
    for dtype in FLOATS:
        x = np.array([0, 1], dtype)
        results = [
            function(x, **parameters),
            function.derivative(x, order=2, **parameters),
            function.vjp(x, x, **parameters),
        ]
        results += [*function.value_and_derivative(x, **parameters)]
        results += [function(x[0], **parameters), function.vjp(x[1], x[1], **parameters)]
        assert [result.dtype for result in results] == [dtype] * len(results)
        assert type(results[-1]) is type(x[0])
    for dtype in INTEGERS:
        x = np.array([0, 1], dtype)
        assert same_bits(function(x, **parameters), expected)
        assert same_bits(function(x[1], **parameters), expected[1])
    for number in (True, 1, 1.0):
        assert same_bits(function(number, **parameters), expected[1])
        assert type(function(number, **parameters)) is np.float64
    assert same_bits(function([0, 1], **parameters), expected)
    assert same_bits(function([[False], [True]], **parameters), expected[:, None])
    assert same_bits(function([], **parameters), np.empty(0))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_a_python_number_as_cotangent_keeps_the_dtype(dtype: np.dtype[Any]) -> None:
    x = np.array([-1, 0, 1, 2], dtype)
    for g in (1, 0.5):
        got = {name: actfn.get(name).vjp(x, g, **DEFAULTS[name]).dtype for name in ELEMENTWISE}
        got |= {name: actfn.get(name).vjp(x, g).dtype for name in ("softmax", "log_softmax")}
        got["maxout"] = actfn.maxout.vjp(x, g, group_size=2).dtype
        assert {name for name in got if got[name] != dtype} == set()


def test_other_floats_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"mish.*(longdouble|float128)"):
        actfn.mish(np.ones(2, np.longdouble))


NOT_REAL = (np.ones(2, complex), np.array([1, None]), np.array(["a", "b"]), np.array([b"a", b"b"]), np.ones(2, "M8[D]"))


@pytest.mark.parametrize("bad", NOT_REAL, ids=lambda bad: str(bad.dtype))
def test_what_is_not_a_real_number_is_refused(bad: Array) -> None:
    for name in COMMON:
        function = actfn.get(name)
        parameters = {p.name: p.example for p in function.parameters.values() if p.default is None}
        for call in (function, lambda x, function=function, **keywords: function.vjp(x, 1.0, **keywords)):
            with pytest.raises(TypeError) as caught:
                call(bad, **parameters)
            assert name in str(caught.value)
            assert str(bad.dtype) in str(caught.value)


@pytest.mark.parametrize("name", ["relu", "swish", "softmax", "maxout"])
def test_a_cotangent_that_is_not_a_real_number_is_refused(name: str) -> None:
    parameters: dict[str, Any] = {"group_size": 2} if name == "maxout" else {}
    x = np.ones(4 if name == "maxout" else 2)
    for bad in NOT_REAL:
        with pytest.raises(TypeError) as caught:
            actfn.get(name).vjp(x, bad, **parameters)
        assert name in str(caught.value)
        assert str(bad.dtype) in str(caught.value)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", EVERY)
def test_nothing_ever_warns(name: str, dtype: np.dtype[Any]) -> None:
    ufunc, x = getattr(ufuncs, name), hardest(dtype)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for g in (np.ones_like(x), x, x[::-1]):
            for parameter in (1.0, 0.01, 1e-300, 1e300):
                parameters = [np.float64(parameter)] * (ufunc.nin - inputs_of(name))
                results = ufunc(*(x, g)[: inputs_of(name)], *parameters)
                assert np.shape(results)[-1] == len(x)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_gradients_never_warn(name: str, dtype: np.dtype[Any]) -> None:
    everything = np.tile(hardest(dtype), 3)
    without_nan = everything[~np.isnan(everything)]
    finite = everything[np.isfinite(everything)]
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in (everything, without_nan, finite, -np.abs(finite)):
            for g in (x, np.ones_like(x), x[::-1]):
                gradients = actfn.get(name).parameter_vjp(x, g, **DEFAULTS[name])
                assert {gradient.dtype for gradient in gradients.values()} == {dtype}


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_rows_and_groups_never_warn(dtype: np.dtype[Any]) -> None:
    x = np.tile(hardest(dtype), 3)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for function in (actfn.softmax, actfn.log_softmax):
            assert function.jacobian(x).dtype == dtype
            assert function.vjp(x, x).dtype == dtype
        assert actfn.maxout(x, group_size=2).dtype == dtype
        assert actfn.maxout.vjp(x, x[::2], group_size=2).dtype == dtype


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", EACH)
def test_nan_stays_in_its_lane(name: str, dtype: np.dtype[Any]) -> None:
    ufunc, count = getattr(ufuncs, name), inputs_of(name)
    parameters = [0.75] * (ufunc.nin - count)
    x = np.linspace(0.125, 0.625, 37).astype(dtype)
    clean = np.atleast_2d(ufunc(*[x] * count, *parameters))
    assert np.isfinite(clean).all()
    for place in range(len(x)):
        for sick in range(count):
            inputs = [x.copy() for _ in range(count)]
            inputs[sick][place] = np.nan
            got = np.atleast_2d(ufunc(*inputs, *parameters))
            expected = clean.copy()
            expected[:, place] = np.nan
            assert same_bits(got, expected)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize(
    ("name", "parameters", "limits"),
    [*((name, DEFAULTS[name], LIMITS[name]) for name in ELEMENTWISE), *OTHER_LIMITS],
)
def test_limits_and_nan(name: str, parameters: dict[str, float], limits: Limits, dtype: np.dtype[Any]) -> None:
    ends = np.array([-INF, INF, np.nan] * 11, dtype)
    for order, pair in enumerate(limits):
        got = actfn.get(name).derivative(ends, order=order, **parameters)
        assert same_bits(got, np.array([*pair, np.nan] * 11).astype(dtype)), (order, got[:3])


def test_a_slope_of_zero_is_flat_up_to_infinity() -> None:
    for function, key in ((actfn.prelu, "alpha"), (actfn.leaky_relu, "negative_slope"), (actfn.elu, "alpha")):
        assert (function(np.array([-INF, -1e300, -1.0, -0.0, 0.0]), **{key: 0.0}) == 0).all()
        assert function(np.array([INF, 2.0]), **{key: 0.0}).tolist() == [INF, 2.0]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_the_sign_of_zero(dtype: np.dtype[Any]) -> None:
    zeros = np.array([0.0, -0.0] * 9, dtype)
    for name in THROUGH_ZERO:
        got = actfn.get(name)(zeros, **DEFAULTS[name])
        assert same_bits(got, zeros), name
    assert same_bits(actfn.relu(zeros), np.abs(zeros))
