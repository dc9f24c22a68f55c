"""Gated functions: exact values and gradients, every layout and dtype, no memory but the result, other libraries, clear errors."""

from __future__ import annotations

import itertools
import pickle
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from reference import BFLOAT16, FLOATS, Array, long, same_bits, worst

import actfn
import actfn.torch as A
from actfn import blocks

mpf = mpmath.mpf
Real = Callable[[Any], Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def swish(beta: Any) -> tuple[Real, Real]:
    return lambda x: x * sigmoid(beta * x), lambda x: sigmoid(beta * x) * (1 + beta * x * sigmoid(-beta * x))


def softcap(cap: Any) -> tuple[Real, Real]:
    return lambda x: cap * mpmath.tanh(x / cap), lambda x: mpmath.sech(x / cap) ** 2


def below(limit: Any, pair: tuple[Real, Real]) -> tuple[Real, Real]:
    return lambda x: pair[0](min(x, limit)), lambda x: pair[1](x) if x <= limit else mpf(0)


def normal(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def tanh_form(x: Any) -> tuple[Any, Any]:
    """Return z and z' with gelu_tanh = x sigmoid(z)."""
    c = mpf("0.044715")
    return 2 * mpmath.sqrt(2 / mpmath.pi) * (x + c * x**3), 2 * mpmath.sqrt(2 / mpmath.pi) * (1 + 3 * c * x**2)


def gelu_tanh_slope(x: Any) -> Any:
    z, slope = tanh_form(x)
    return sigmoid(z) * (1 + x * slope * sigmoid(-z))


SCALE, SELU_ALPHA = mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717")
IDENTITY: tuple[Real, Real] = (lambda x: x, lambda x: mpf(1))
LOGISTIC: tuple[Real, Real] = (sigmoid, lambda x: sigmoid(x) * sigmoid(-x))

# What the gate and up become, each with its derivative, from the papers.
EXACT: dict[str, tuple[tuple[Real, Real], tuple[Real, Real]]] = {
    "glu": (LOGISTIC, IDENTITY),
    "bilinear": (IDENTITY, IDENTITY),
    "reglu": ((lambda x: max(x, mpf(0)), lambda x: mpf(int(x > 0))), IDENTITY),
    "geglu": (
        (
            lambda x: x * normal(x),
            lambda x: normal(x) + x * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi),
        ),
        IDENTITY,
    ),
    "geglu_tanh": ((lambda x: x * sigmoid(tanh_form(x)[0]), gelu_tanh_slope), IDENTITY),
    "swiglu": (swish(1), IDENTITY),
    "seglu": (
        (
            lambda x: SCALE * (x if x > 0 else SELU_ALPHA * mpmath.expm1(x)),
            lambda x: SCALE * (1 if x > 0 else SELU_ALPHA * mpmath.exp(x)),
        ),
        IDENTITY,
    ),
    "gtu": (LOGISTIC, (mpmath.tanh, lambda x: mpmath.sech(x) ** 2)),
    "swiglu_oai": (
        below(7, swish(mpf(1.702))),
        (lambda x: 1 + max(min(x, mpf(7)), mpf(-7)), lambda x: mpf(int(abs(x) <= 7))),
    ),
    "softcapped_swiglu": (
        (
            lambda x: softcap(6)[0](x) * sigmoid(x),
            lambda x: sigmoid(x) * (softcap(6)[1](x) + softcap(6)[0](x) * sigmoid(-x)),
        ),
        softcap(5),
    ),
}
CAPS = {"gate_cap": 6, "up_cap": 5}
GIVEN: dict[str, dict[str, Any]] = {name: CAPS if name == "softcapped_swiglu" else {} for name in EXACT}
# The largest errors in float64: of value and gradient.
BOUNDS = {"softcapped_swiglu": (4.0, 6.0)}
# Those whose float32 loops are made of pieces.
BY_PIECES = ("glu", "swiglu", "geglu", "geglu_tanh")
# Beside a root of the gate's derivative, few of its digits are known.
ROOTS = {
    "geglu": -0.7517915,
    "geglu_tanh": -0.7524614,
    "swiglu": -1.2784645,
    "swiglu_oai": -1.2784645 / 1.702,
    "softcapped_swiglu": -1.2575,
}


def exactly(values: list[Any]) -> Array:
    return np.array([long(mpmath.nstr(value, 25)) for value in values])


def points(name: str, dtype: Any, count: int = 250) -> tuple[Array, Array, Array]:
    """Return gates of every size whose function is not subnormal, what passes them, and cotangents."""
    rng = np.random.default_rng(3)
    far = 35 if "geglu" in name or dtype == np.float16 else 80
    gate = np.concatenate(
        [rng.normal(size=count) * 3, rng.uniform(-far, far, count), 2.0 ** rng.uniform(-14, 3, count)]
    )
    gate *= rng.choice([-1, 1], gate.size)
    if name == "geglu_tanh":
        gate = np.clip(gate, -20, 20)
    near = np.abs(gate - ROOTS.get(name, np.inf)) < (0.15 if name == "softcapped_swiglu" else 0.01)
    gate = np.where(near, 1.0, gate)
    up, g = rng.normal(size=(2, gate.size))
    scale = 2.0 ** rng.integers(-6, 5, up.size)
    return gate.astype(dtype), (up * scale).astype(dtype), g.astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_value_and_gradients_are_exact(name: str, dtype: np.dtype[Any]) -> None:
    gate, up, g = points(name, dtype)
    (f, slope), (h, other) = EXACT[name]
    function = actfn.get(name)
    y, (by_gate, by_up) = function(gate, up, **GIVEN[name]), function.vjp(gate, up, g, **GIVEN[name])
    assert y.dtype == by_gate.dtype == by_up.dtype == dtype
    with mpmath.workprec(250):
        triples = [tuple(mpf(float(v)) for v in triple) for triple in zip(gate, up, g)]
        value = exactly([f(x) * h(u) for x, u, _ in triples])
        first = exactly([slope(x) * h(u) * c for x, u, c in triples])
        second = exactly([f(x) * other(u) * c for x, u, c in triples])
    narrow = (1.0, 1.5) if name in BY_PIECES and dtype == np.float32 else (0.5001, 0.5001)
    bounds = BOUNDS.get(name, (2.0, 2.0)) if dtype == np.float64 else narrow
    assert worst(y, value) <= bounds[0]
    assert max(worst(by_gate, first), worst(by_up, second)) <= bounds[1]


def units(got: Array, exact: Array) -> float:
    """Return the largest error in float32 units of results in float64, where both are numbers or too large for float32."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(np.float32)
        assert np.array_equal(np.isnan(got), np.isnan(rounded))
        unit = np.maximum(2.0 ** (np.floor(np.log2(np.abs(exact))) - 23), 2.0**-149)
        finite = np.isfinite(rounded) & np.isfinite(got)
        assert (np.isfinite(rounded) | np.isnan(got) | (np.abs(got) > 3.4e38)).all()
        return float(np.max(np.abs(got.astype(np.float64) - exact)[finite] / unit[finite]))


@pytest.mark.parametrize("name", BY_PIECES)
def test_pieces_are_right_at_every_size_of_gate_up_and_cotangent(name: str) -> None:
    function, count = actfn.get(name), 40_000
    rng = np.random.default_rng(8)
    root = ROOTS.get(name, 0.0)
    gates = (
        rng.normal(size=count) * 3,
        rng.uniform(-25, 25, count),
        rng.integers(0, 2**32, count, dtype=np.uint64).astype(np.uint32).view(np.float32),
        root + rng.normal(size=count) * 0.02,
        2.0 ** rng.uniform(-149, 7, count) * rng.choice([-1, 1], count),
    )
    for gate in gates:
        for special in (False, True):
            up, g = rng.normal(size=(2, count)) * 2.0 ** rng.integers(-90, 60, (2, count))
            if special:
                up, g = (rng.choice([0.0, -0.0, 1.0, -3.0, 1e-40, 1e-30, 7.0], count) for _ in range(2))
            with np.errstate(all="ignore"):
                x, up, g = (one.astype(np.float32) for one in (gate, up, g))
                wide = [one.astype(np.float64) for one in (x, up, g)]
                assert units(function(x, up), function(*wide[:2])) <= 1.0
                for got, exact in zip(function.vjp(x, up, g), function.vjp(*wide)):
                    assert units(got, exact) <= 1.5


def test_a_product_of_pieces_keeps_the_sign_of_zero_and_what_is_not_a_number() -> None:
    zeros = np.array([0.0, -0.0, 0.0, -0.0], np.float32)
    gate = np.array([1.0, 1.0, -30.0, -30.0], np.float32)
    assert np.signbit(actfn.glu(gate, zeros)).tolist() == [False, True, False, True]
    assert np.signbit(actfn.swiglu(gate, zeros)).tolist() == [False, True, True, False]
    odd = np.array([np.nan, 1.0, np.nan, np.inf, -np.inf, 1.0], np.float32)
    up = np.array([0.0, np.nan, 1.0, 2.0, 2.0, np.inf], np.float32)
    assert np.array_equal(actfn.glu(odd, up), np.array([np.nan, np.nan, np.nan, 2, 0, np.inf]), equal_nan=True)
    assert np.array_equal(actfn.swiglu(odd, up)[:4], np.array([np.nan, np.nan, np.nan, np.inf]), equal_nan=True)


@pytest.mark.parametrize("name", EXACT)
def test_the_formula_is_the_product_of_the_factors(name: str) -> None:
    function = actfn.get(name)
    expression = function.sympy()
    values = {"gate": -1.25, "up": 0.75, "beta": 1.0, "alpha": 1.702, "limit": 7.0, **CAPS}
    numbers = {symbol: values[symbol.name] for symbol in expression.free_symbols}
    with mpmath.workprec(100):
        (f, _), (h, _) = EXACT[name]
        wanted = float(f(mpf(-1.25)) * h(mpf(0.75)))
    assert float(expression.subs(numbers).evalf(30)) == pytest.approx(wanted, rel=1e-14, abs=0)
    assert "gate" in function.formula and "up" in function.formula and "up" in function.latex()


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("layout", ["gate_up", "up_gate", "interleaved"])
def test_one_array_is_two(layout: str, axis: int) -> None:
    x = np.random.default_rng(0).normal(size=(4, 6, 8))
    first, second = np.split(x, 2, axis)
    gate, up = {
        "gate_up": (first, second),
        "up_gate": (second, first),
        "interleaved": (np.take(x, range(0, x.shape[axis], 2), axis), np.take(x, range(1, x.shape[axis], 2), axis)),
    }[layout]
    g = np.random.default_rng(1).normal(size=gate.shape)
    assert same_bits(actfn.swiglu(x, axis=axis, layout=layout), actfn.swiglu(gate, up))
    got = actfn.swiglu.vjp(x, g, axis=axis, layout=layout)
    by_gate, by_up = actfn.swiglu.vjp(gate, up, g)
    assert got.shape == x.shape
    if layout == "interleaved":
        even, odd = (np.take(got, range(start, x.shape[axis], 2), axis) for start in (0, 1))
        assert same_bits(even, by_gate) and same_bits(odd, by_up)
    else:
        assert same_bits(got, np.concatenate((by_gate, by_up) if layout == "gate_up" else (by_up, by_gate), axis))


def test_the_defaults_are_those_of_the_frameworks() -> None:
    jax = pytest.importorskip("jax")
    x = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    np.testing.assert_allclose(actfn.glu(x), torch.nn.functional.glu(torch.tensor(x)).numpy(), rtol=1e-5)
    np.testing.assert_allclose(actfn.glu(x, axis=1), jax.nn.glu(x, axis=1), rtol=1e-5)
    # gpt-oss takes the gate from the even places, and adds 1 to what passes.
    gate, up = (torch.tensor(x[:, start::2] * 4) for start in (0, 1))
    gate, up = gate.clamp(max=7.0), up.clamp(-7.0, 7.0)
    theirs = (up + 1) * (gate * torch.sigmoid(gate * 1.702))
    np.testing.assert_allclose(actfn.swiglu_oai(x * 4), theirs.numpy(), rtol=2e-5)
    assert {name: actfn.get(name).parameters["layout"].default for name in ("glu", "swiglu", "swiglu_oai")} == {
        "glu": "up_gate",
        "swiglu": "gate_up",
        "swiglu_oai": "interleaved",
    }


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["glu", "swiglu", "swiglu_oai", "softcapped_swiglu"])
def test_nothing_is_allocated_but_the_result(name: str, dtype: Any, split: bool) -> None:
    function, parameters = actfn.get(name), GIVEN[name]
    x = np.random.default_rng(0).normal(size=(300, 2000)).astype(dtype)
    given = (x,) if split else (np.ascontiguousarray(x[:, :1000]), np.ascontiguousarray(x[:, 1000:]))
    g = np.ones((300, 1000), dtype)
    function(*given, **parameters)
    for call, arrays, results in ((function, given, 1), (function.vjp, (*given, g), 2)):
        tracemalloc.start()
        call(*arrays, **parameters)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # A few dozen blocks of 4,096 numbers, where one temporary array would take 2.4 MB in float64.
        assert peak - results * g.nbytes < 1_500_000


def test_out_may_be_one_of_the_inputs() -> None:
    rng = np.random.default_rng(0)
    gate, up = rng.normal(size=(2, 10_000)).astype(np.float32)
    expected = actfn.geglu(gate, up)
    for target in (gate, up):
        kept = target.copy()
        assert actfn.geglu(gate, up, out=target) is target
        assert same_bits(target, expected)
        target[...] = kept
    wide = np.empty(10_000)
    assert actfn.geglu(gate, up, out=wide) is wide
    np.testing.assert_allclose(wide, expected, rtol=1e-7)
    x = rng.normal(size=(50, 40))
    expected = actfn.swiglu(x)
    assert same_bits(actfn.swiglu(x, out=x[:, 10:30]), expected)


def test_every_shape_and_layout_in_memory() -> None:
    rng = np.random.default_rng(0)
    for shape, name in itertools.product([(), (0,), (1,), (3, 0), (4097,), (3, 5, 7)], EXACT):
        function, parameters = actfn.get(name), GIVEN[name]
        gate, up, g = rng.normal(size=(3, *shape))
        assert function(gate, up, **parameters).shape == shape
        assert [part.shape for part in function.vjp(gate, up, g, **parameters)] == [shape, shape]
    x, g = rng.normal(size=(6, 10, 8)), rng.normal(size=(6, 5, 8))
    for view, cotangent in ((x[::-1], g[::-1]), (x[::2, :, ::3], g[::2, :, ::3]), (x.T, g.T), (x.astype(">f8"), g)):
        axis = 1
        plain = np.array(view, "f8", order="C")
        assert same_bits(actfn.glu(view, axis=axis), actfn.glu(plain, axis=axis))
        expected = actfn.glu.vjp(plain, np.array(cotangent, order="C"), axis=axis)
        assert same_bits(actfn.glu.vjp(view, cotangent, axis=axis), expected)
    spread = np.broadcast_to(x[:1], x.shape)
    assert same_bits(actfn.glu(spread), actfn.glu(spread.copy()))


def test_dtypes() -> None:
    assert actfn.glu([1, 2, 3, 4]).dtype == np.float64
    assert actfn.glu(np.array([True, False])).dtype == np.float64
    assert isinstance(actfn.glu(0.0, 1.0), np.float64)
    half, single = np.ones(3, np.float16), np.ones(3, np.float32)
    assert actfn.glu(half, single).dtype == np.float32
    assert [part.dtype for part in actfn.glu.vjp(half, half, 1.0)] == [np.float16] * 2
    assert actfn.glu.vjp(np.ones(4, BFLOAT16), np.ones(2, BFLOAT16)).dtype == BFLOAT16


def test_bfloat16_is_rounded_once() -> None:
    # 1 + 2^-8 is half way between two numbers: rounded to float32 first, a little more would be lost.
    for excess, expected in ((2.0**-40, 1 + 2**-7), (-(2.0**-40), 1.0), (0.0, 1.0)):
        assert float(blocks.narrowed(np.array(1 + 2**-8 + excess), BFLOAT16)) == expected
        assert float(blocks.narrowed(np.array(-1 - 2**-8 - excess), BFLOAT16)) == -expected
    limits = np.array([np.inf, -np.inf, 1e39, 3.4e38, 5e-324, -5e-324, 0.0, -0.0, np.nan])
    got = blocks.narrowed(limits, BFLOAT16).astype(float)
    np.testing.assert_array_equal(got, [np.inf, -np.inf, np.inf, np.inf, 0.0, -0.0, 0.0, -0.0, np.nan])
    assert np.signbit(got).tolist()[:8] == [False, True, False, False, False, True, False, True]


def test_products_neither_overflow_nor_underflow_on_the_way() -> None:
    with mpmath.workprec(200):
        for gate, up, g in (
            (-500.0, 1e200, 1e200),
            (-300.0, 1e-250, 1e300),
            (5.0, 1e250, 1e-280),
            (-600.0, -1e300, 1e100),
        ):
            by_gate, by_up = actfn.glu.vjp(gate, up, g)
            x = mpf(gate)
            assert worst(by_gate, exactly([LOGISTIC[1](x) * mpf(up) * mpf(g)])[0]) <= 2
            assert worst(by_up, exactly([sigmoid(x) * mpf(g)])[0]) <= 2


def test_limits_and_nan() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in EXACT:
            function, parameters = actfn.get(name), GIVEN[name]
            for dtype in FLOATS:
                hard = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e4, -1e4], dtype)
                gate, up = (part.ravel() for part in np.meshgrid(hard, hard))
                y, gradients = function(gate, up, **parameters), function.vjp(gate, up, up, **parameters)
                missing = np.isnan(gate) | np.isnan(up)
                assert np.isnan(y[missing]).all()
                finite = np.isfinite(gate) & np.isfinite(up)
                assert not np.isnan(y[finite]).any()
                assert not any(np.isnan(part[finite]).any() for part in gradients)
    assert actfn.glu(np.inf, 3.0) == 3.0
    assert actfn.glu(-np.inf, 3.0) == 0.0
    assert actfn.swiglu(-np.inf, 3.0) == 0.0
    assert actfn.gtu(np.inf, -np.inf) == -1.0
    assert actfn.swiglu_oai(np.inf, np.inf) == actfn.swiglu_oai(7.0, 7.0)
    assert actfn.softcapped_swiglu(np.inf, np.inf, **CAPS) == 30.0


def test_parameters_have_gradients_in_their_own_shape() -> None:
    rng = np.random.default_rng(0)
    gate, up, g = rng.normal(size=(3, 5, 4))
    for shape in ((), (4,), (5, 1)):
        beta = rng.uniform(0.5, 2, shape)[()]
        got = actfn.swiglu.parameter_vjp(gate, up, g, beta=beta)["beta"]
        assert got.shape == shape
        whole = np.broadcast_to(beta, gate.shape)
        with mpmath.workprec(150):
            each = [
                mpf(c) * mpf(u) * mpf(x) ** 2 * LOGISTIC[1](mpf(b) * mpf(x))
                for c, u, x, b in zip(g.flat, up.flat, gate.flat, whole.flat)
            ]
        product = np.array([float(one) for one in each]).reshape(5, 4)
        expected = {(): product.sum(), (4,): product.sum(0), (5, 1): product.sum(1, keepdims=True)}[shape]
        np.testing.assert_allclose(got, expected, rtol=1e-13)
        assert same_bits(actfn.swiglu(gate, up, beta=beta), actfn.swiglu(gate, up, beta=whole))
        steep = actfn.swiglu.with_parameters(beta=beta)
        for part, same in zip(steep.vjp(gate, up, g), actfn.swiglu.vjp(gate, up, g, beta=whole)):
            assert same_bits(part, same)
    x = np.concatenate([gate, up], -1)
    assert actfn.swiglu.parameter_vjp(x, g) == actfn.swiglu.parameter_vjp(gate, up, g)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("swiglu", "beta", 1.3),
        ("swiglu_oai", "alpha", 1.702),
        ("swiglu_oai", "limit", 0.8),
        ("softcapped_swiglu", "gate_cap", 2.0),
        ("softcapped_swiglu", "up_cap", 9.0),
    ],
)
def test_a_parameters_gradient_is_a_difference_quotient(name: str, parameter: str, value: float) -> None:
    gate, up, g = np.random.default_rng(2).normal(size=(3, 40))
    others = {**GIVEN[name], parameter: value}
    got = actfn.get(name).parameter_vjp(gate, up, g, **others)[parameter]

    def loss(at: float) -> float:
        return float(np.sum(g * actfn.get(name)(gate, up, **{**others, parameter: at})))

    step = 1e-4
    quotient = (loss(value - 2 * step) - 8 * loss(value - step) + 8 * loss(value + step) - loss(value + 2 * step)) / (
        12 * step
    )
    assert got == pytest.approx(quotient, rel=1e-8)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_number_of_threads_changes_no_bit(dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(1100, 1024)).astype(dtype)
    g = np.ones((1100, 512), dtype)
    before = actfn.get_num_threads()
    try:
        found = []
        for number in (1, 3):
            actfn.set_num_threads(number)
            found.append((actfn.swiglu(x), actfn.swiglu.vjp(x, g), actfn.glu(x.T, axis=0)))
    finally:
        actfn.set_num_threads(before)
    assert all(same_bits(one, other) for one, other in zip(*found))


LIBRARIES = ["torch", "jax", "array_api_strict"]


def taken(library: str, x: Array) -> Any:
    if library == "torch":
        return torch.tensor(x)
    if library == "jax":
        return pytest.importorskip("jax").numpy.asarray(x)
    return pytest.importorskip("array_api_strict").asarray(x)


@pytest.mark.parametrize("layout", ["gate_up", "up_gate", "interleaved"])
@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("library", LIBRARIES)
def test_other_libraries(library: str, name: str, layout: str) -> None:
    function = actfn.get(name).with_parameters(**GIVEN[name], layout=layout)
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    g = np.random.default_rng(1).normal(size=(3, 2, 5)).astype(np.float32)
    array, cotangent = taken(library, x), taken(library, g)
    y, back = function(array, axis=1), function.vjp(array, cotangent, axis=1)
    assert type(y) is type(array) and tuple(y.shape) == g.shape and tuple(back.shape) == x.shape
    np.testing.assert_allclose(np.asarray(y), function(x, axis=1), rtol=1e-6)
    np.testing.assert_allclose(np.asarray(back), function.vjp(x, g, axis=1), rtol=1e-5)
    parts = function.vjp(array[:, :2], array[:, 2:], cotangent) if library != "array_api_strict" else None
    if parts is not None:
        for got, expected in zip(parts, function.vjp(x[:, :2], x[:, 2:], g)):
            np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_pytorch_differentiates_them(name: str) -> None:
    function = actfn.get(name).with_parameters(**GIVEN[name])
    x = np.random.default_rng(0).normal(size=(3, 8))
    tensor = torch.tensor(x, requires_grad=True)
    y = function(tensor)
    g = np.random.default_rng(1).normal(size=y.shape)
    y.backward(torch.tensor(g))
    np.testing.assert_allclose(tensor.grad.numpy(), function.vjp(x, g), rtol=1e-13)
    assert torch.autograd.gradgradcheck(function, tensor.detach().requires_grad_(), atol=1e-6)


def test_jax_differentiates_them() -> None:
    jax = pytest.importorskip("jax")
    import actfn.jax as functions

    x = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    for name in EXACT:
        function = functions.function_of(actfn.get(name).with_parameters(**GIVEN[name]))
        got = jax.jit(jax.grad(lambda x, function=function: function(x).sum()))(x)
        expected = actfn.get(name).vjp(x, np.ones((3, 4), np.float32), **GIVEN[name])
        # Two rounded factors, and in this row a difference of theirs.
        np.testing.assert_allclose(got, expected, rtol=4e-6)


def test_dask_and_xarray_keep_their_arrays() -> None:
    dask, xarray = pytest.importorskip("dask.array"), pytest.importorskip("xarray")
    gate, up = np.random.default_rng(0).normal(size=(2, 6, 4))
    lazy = actfn.swiglu(dask.from_array(gate, chunks=3), dask.from_array(up, chunks=3))
    assert isinstance(lazy, dask.Array)
    np.testing.assert_allclose(lazy.compute(), actfn.swiglu(gate, up), rtol=1e-15)
    labelled = actfn.glu(xarray.DataArray(gate, dims=("a", "b")), xarray.DataArray(up, dims=("a", "b")))
    assert labelled.dims == ("a", "b")
    np.testing.assert_allclose(labelled.values, actfn.glu(gate, up), rtol=1e-15)


def test_mistakes_are_one_clear_sentence() -> None:
    odd = np.ones((2, 5))
    cases: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (ValueError, "glu: axis -1 has length 5, which is odd", lambda: actfn.glu(odd)),
        (ValueError, "glu: axis 1 has length 5, which is odd", lambda: actfn.glu.vjp(odd, odd, axis=1)),
        (ValueError, r"glu: x of shape \(2, 5\) has no axis 2", lambda: actfn.glu(odd, axis=2)),
        (ValueError, r"glu: x of shape \(\) has no axis -1", lambda: actfn.glu(1.0)),
        (ValueError, r"one shape, got \(2, 5\) and \(5,\)", lambda: actfn.glu(odd, np.ones(5))),
        (ValueError, r"shape \(2, 5\) of the result, got \(5,\)", lambda: actfn.glu.vjp(odd, odd, np.ones(5))),
        (ValueError, "layout must be one of 'gate_up'.*got 'up'", lambda: actfn.glu(odd, layout="up")),
        (ValueError, r"beta of shape \(3,\) does not broadcast", lambda: actfn.swiglu(odd, odd, beta=np.ones(3))),
        (
            ValueError,
            r"out must be .* of shape \(2, 5\), got shape \(5,\)",
            lambda: actfn.glu(odd, odd, out=np.ones(5)),
        ),
        (TypeError, "softcapped_swiglu needs gate_cap", lambda: actfn.softcapped_swiglu(odd, odd)),
        (TypeError, "glu has no parameter 'beta'", lambda: actfn.glu(odd, odd, beta=1.0)),
        (TypeError, "glu is not defined for dtype complex128", lambda: actfn.glu(odd + 0j, odd)),
        (TypeError, "glu is not defined for dtype complex128", lambda: actfn.glu.vjp(odd, odd, odd + 0j)),
        (TypeError, "glu: give gate, up and g.*got 4 arrays", lambda: actfn.glu.vjp(odd, odd, odd, odd)),
        (TypeError, "glu has no parameters that a gradient", lambda: actfn.glu.parameter_vjp(odd, odd, odd)),
        (TypeError, r"glu has two inputs.*glu.vjp\(gate, up, g\)", lambda: actfn.glu.derivative(odd)),
        (
            ValueError,
            r"glu: the rows of a list must have one length, got \[\[1.0\], \[1.0, 2.0\]\]",
            lambda: actfn.glu([[1.0], [1.0, 2.0]]),
        ),
    ]
    for kind, pattern, call in cases:
        with pytest.raises(kind, match=pattern) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_they_are_values() -> None:
    steep = actfn.swiglu.with_parameters(beta=2.0, layout="up_gate")
    assert repr(steep) == "actfn.swiglu(beta=2.0, layout='up_gate')"
    assert pickle.loads(pickle.dumps(steep)) == steep != actfn.swiglu
    assert (actfn.get("SwiGLU"), actfn.get("GEGLU").kind) == (actfn.swiglu, "gated")
    x = np.arange(4.0)
    assert same_bits(steep(x), actfn.swiglu(x, beta=2.0, layout="up_gate"))
    assert actfn.swiglu_oai.range.high == pytest.approx(8 * 7 / (1 + np.exp(-1.702 * 7)))


@pytest.mark.parametrize("name", EXACT)
def test_far_out_float32_agrees_with_float64(name: str) -> None:
    # What is nothing beside every number must be nothing beside infinity too.
    rng = np.random.default_rng(5)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 3e38, 1e-45]
    anything = (rng.choice([-1, 1], (3, 5000)) * 2.0 ** rng.uniform(-149, 128, (3, 5000))).astype(np.float32)
    anything[0, ::2] = rng.uniform(-700, 700, 2500)
    combined = np.array(list(itertools.product(special, repeat=3)), np.float32).T
    gate, up, g = np.concatenate([anything, combined], axis=1)
    function, given = actfn.get(name), GIVEN[name]
    single = (function(gate, up, **given), *function.vjp(gate, up, g, **given))
    gate, up, g = (array.astype(np.float64) for array in (gate, up, g))
    for got, wide in zip(single, (function(gate, up, **given), *function.vjp(gate, up, g, **given))):
        with np.errstate(over="ignore", under="ignore"):
            expected = wide.astype(np.float32)
        nearby = np.abs(got.view(np.int32).astype(np.int64) - expected.view(np.int32)) <= 1
        assert np.all((got == expected) | nearby | (np.isnan(got) & np.isnan(expected)))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", EXACT)
def test_plain_tensors_are_computed_where_they_lie(name: str, dtype: torch.dtype) -> None:
    x, g = torch.randn(5, 8, dtype=dtype).requires_grad_(), torch.randn(5, 4, dtype=dtype)
    function, given = actfn.get(name), GIVEN[name]
    for call in (partial(function, **given), partial(getattr(A, name), **given)):
        y = call(x)
        np.testing.assert_array_equal(y.detach(), function(x.detach().numpy(), **given))
        (found,) = torch.autograd.grad(y, x, g)
        np.testing.assert_array_equal(found, function.vjp(x.detach().numpy(), g.numpy(), **given))
        (gate, up) = (part.detach().clone().requires_grad_() for part in (x[:, :4], x[:, 4:]))
        found = torch.autograd.grad(call(gate, up), (gate, up), g)
        for mine, numpy in zip(
            found, function.vjp(gate.detach().numpy(), up.detach().numpy(), g.numpy(), **given), strict=True
        ):
            np.testing.assert_array_equal(mine, numpy)
    if dtype == torch.float64:
        assert torch.autograd.gradcheck(partial(function, **given), x, check_forward_ad=True)
        assert torch.autograd.gradgradcheck(partial(function, **given), x)
