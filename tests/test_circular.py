"""Sine, cosine and arctangent of any number, and the functions made of them: far out, at zeros, at flat spots, in every library."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import array_api_strict
import flint
import jax
import jax.numpy as jnp
import ml_dtypes
import mpmath
import numpy as np
import pytest
import torch

import actfn
from actfn import arrays, blocks, catalogue, formula
from actfn.accuracy.oracle import Oracle
from actfn.functions.common import cosine_of_product, sine_of_product
from actfn.libraries.find import Library
from actfn.libraries.pairs import Pairs
from actfn.libraries.wide import Plain, Wide

INF = math.inf
Array = np.ndarray[Any, np.dtype[Any]]
Limits = tuple[tuple[float, float], ...]

# The float64 number whose angle is nearest to a whole number of quarter turns, and others far out.
FAR = (6381956970095103.0 * 2.0**797, 1e22, 1.7976931348623157e308, 2.0**1023, 5.319372648326541e255)


def points(seed: int, count: int, largest: int) -> Array:
    """Return numbers of every size below 2^largest, near multiples of pi / 2 and where a wave is resolved."""
    rng = np.random.default_rng(seed)
    any_size = np.ldexp(rng.uniform(1, 2, count), rng.integers(-100, largest, count)) * rng.choice([-1, 1], count)
    turns = rng.integers(1, 10**6, count) * (np.pi / 2)
    far = [x for x in FAR if x < 2.0**largest]
    return np.concatenate([any_size, turns, rng.uniform(-20, 20, count), far, [355.0, 22.0, 1e-30]])


def sine(m: Any, a: Any, b: Any) -> Any:
    """Return sin(a b) by the operations of a vocabulary over arrays."""
    quadrant, angle = m.quadrant(a, b), m.angle(a, b)
    odd = m.either(quadrant == 1.0, quadrant == 3.0)
    size = m.where(odd, m.cos_pair(angle), m.sin_pair(angle))
    return m.where(quadrant >= 2.0, m.negative(size), size)


def worst(high: Any, low: Any, exact: list[Any]) -> float:
    """Return the largest relative error of sums of two numbers."""
    parts = zip(np.asarray(high, np.float64), np.asarray(low, np.float64) + np.zeros(len(exact)), exact)
    return max(float(abs((flint.arb(float(h)) + flint.arb(float(l)) - e) / e)) for h, l, e in parts)


@pytest.fixture
def many_bits() -> Any:
    before = flint.ctx.prec
    flint.ctx.prec = 4600
    yield
    flint.ctx.prec = before


def sines(a: Array, x: Array) -> list[Any]:
    return [(flint.arb(float(p)) * flint.arb(float(q))).sin() for p, q in zip(a, x)]


@pytest.mark.usefixtures("many_bits")
def test_pairs_over_numpy_hold_sixty_bits_everywhere() -> None:
    x = points(0, 300, 1023)
    a = np.where(np.arange(len(x)) % 3, 1.0, np.random.default_rng(1).uniform(-1e3, 1e3, len(x)))
    m = arrays.NumPyVocabulary()
    with np.errstate(all="ignore"):
        found = sine_of_product(m, a, x)
        assert worst(found.high, found.low, sines(a, x)) < 2.0**-62
        found = cosine_of_product(m, a, x)
        exact = [(flint.arb(float(p)) * flint.arb(float(q))).cos() for p, q in zip(a, x)]
        assert worst(found.high, found.low, exact) < 2.0**-62
        found = m.atan_pair(x)
        assert worst(found.high, found.low, [flint.arb(float(q)).atan() for q in x]) < 2.0**-62


LIBRARIES: dict[str, tuple[Any, Callable[[Array], Any]]] = {
    "torch": (torch, torch.from_numpy),
    "jax": (jnp, jnp.asarray),
    "array_api_strict": (array_api_strict, array_api_strict.asarray),
}


def to_numpy(x: Any) -> Array:
    return x.numpy() if isinstance(x, torch.Tensor) else np.asarray(x)


@pytest.mark.slow
@pytest.mark.usefixtures("many_bits")
@pytest.mark.parametrize(
    ("dtype", "vocabulary", "largest", "bound"),
    [
        ("float64", Pairs, 1023, -62),
        ("float64", Wide, 1023, -51),
        ("float32", Pairs, 127, -34),
        ("float64", Plain, 19, -30),
    ],
)
@pytest.mark.parametrize("name", LIBRARIES)
def test_vocabularies_over_libraries(name: str, dtype: str, vocabulary: Any, largest: int, bound: int) -> None:
    namespace, take = LIBRARIES[name]
    x = points(2, 60, largest).astype(dtype)
    a = np.where(np.arange(len(x)) % 3, 1.0, np.random.default_rng(1).uniform(-1e2, 1e2, len(x))).astype(dtype)
    keep = np.abs(a.astype(float) * x.astype(float)) > 1e-18
    # Exchange formats know too few digits of 2/pi for more than a million turns.
    keep &= np.abs(x) < 1e5 if vocabulary is Plain else True
    a, x = a[keep], x[keep]
    with jax.enable_x64(dtype == "float64"), np.errstate(all="ignore"):
        given = take(x)
        m = vocabulary(Library(name, namespace), given, given.dtype)
        for found, exact in (
            (sine(m, take(a), given), sines(a, x)),
            (m.atan_pair(given), [flint.arb(float(q)).atan() for q in x]),
        ):
            parts = found if isinstance(found, tuple) else (found, 0.0 * found)
            assert worst(*map(to_numpy, parts), exact) < 2.0**bound


# f, f' and f'' at -inf and +inf, by hand: a wave that does not fade has no limit.
NONE = (math.nan, math.nan)
LIMITS: list[tuple[str, dict[str, float], Limits]] = [
    ("sine", {}, (NONE, NONE, NONE)),
    ("sine", {"frequency": -30.0}, (NONE, NONE, NONE)),
    ("snake", {"alpha": 0.25}, ((-INF, INF), NONE, NONE)),
    ("snake_beta", {"alpha": 4.0, "beta": 0.5}, ((-INF, INF), NONE, NONE)),
    ("sinc", {}, ((0.0, 0.0), (-0.0, 0.0), (-0.0, -0.0))),
    ("arctan", {}, ((-math.pi / 2, math.pi / 2), (0.0, 0.0), (0.0, -0.0))),
]


def same(got: Any, wanted: Any) -> bool:
    """Tell whether numbers agree with the signs of their zeros; one NaN is as good as another."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    signs = np.signbit(got) == np.signbit(wanted)
    return bool(np.all(np.where(np.isnan(wanted), np.isnan(got), (got == wanted) & signs)))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("name", "parameters", "limits"), LIMITS)
def test_limits_and_nan_come_without_a_warning(
    name: str, parameters: dict[str, float], limits: Limits, dtype: str
) -> None:
    function = actfn.get(name)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for order, pair in enumerate(limits):
            got = function.derivative(np.array([-INF, INF, math.nan], dtype), order=order, **parameters)
            assert got.dtype == dtype
            assert same(got, np.array([*pair, math.nan]).astype(dtype)), order
        if function.parameters:
            gradients = function.parameter_vjp(np.array([math.nan]), 1.0, **parameters)
            assert all(map(math.isnan, gradients.values()))


def test_the_oracle_knows_that_a_wave_has_no_limit_and_a_hole_is_filled() -> None:
    sine, slope = (Oracle(catalogue.find("sine"), {"frequency": 1.0}, order) for order in (0, 1))
    assert sine.expected(INF) is None and slope.expected(-INF) is None
    sinc = [Oracle(catalogue.find("sinc"), {}, order).rounded([0.0, -0.0], "float64") for order in range(3)]
    assert same(sinc, [[1.0, 1.0], [-0.0, 0.0], [-(math.pi**2) / 3] * 2])
    assert [float(formula.evaluate(catalogue.find("sinc"), 0.0, {}, order=order)) for order in range(2)] == [1.0, 0.0]
    with pytest.raises(ZeroDivisionError):
        formula.evaluate(catalogue.find("logit"), 0.0, {}, order=1)


def test_zeros_keep_their_sign() -> None:
    zeros = np.array([0.0, -0.0])
    for name in ("sine", "snake", "snake_beta", "arctan"):
        assert same(actfn.get(name)(zeros), zeros), name
    assert same(actfn.sine(zeros, frequency=-2.0), -zeros)
    assert same(actfn.sine.derivative(zeros, order=2), -zeros)
    assert same(actfn.arctan.derivative(zeros, order=2), -zeros)
    assert same(actfn.sinc.derivative(zeros), -zeros)


def test_sinc_is_exactly_zero_at_integers_and_its_slope_alternates() -> None:
    whole = np.array([1.0, -2.0, 17.0, 2.0**51 + 1, 2.0**53, 1e300])
    assert same(actfn.sinc(whole), np.zeros(6))
    assert actfn.sinc.derivative(whole).tolist() == [-1.0, -0.5, -1 / 17, -1 / (2.0**51 + 1), 2.0**-53, 1e-300]
    assert same(actfn.sinc.derivative([1e160, 1e200], order=2), [-2e-320, -0.0])


FACTS = {
    "sine": (lambda x: mpmath.sin(30 * x), lambda x: 30 * mpmath.cos(30 * x), lambda x: -900 * mpmath.sin(30 * x)),
    "snake": (
        lambda x: x + mpmath.sin(x) ** 2,
        lambda x: 2 * mpmath.sin(x + mpmath.pi / 4) ** 2,
        lambda x: 2 * mpmath.cos(2 * x),
    ),
    "snake_beta": (
        lambda x: x + mpmath.sin(x) ** 2 / mpmath.mpf("0.25"),
        lambda x: 1 + 4 * mpmath.sin(2 * x),
        lambda x: 8 * mpmath.cos(2 * x),
    ),
    "arctan": (
        mpmath.atan,
        lambda x: mpmath.cos(mpmath.atan(x)) ** 2,
        lambda x: -2 * mpmath.sin(mpmath.atan(x)) * mpmath.cos(mpmath.atan(x)) ** 3,
    ),
}
GIVEN = {"sine": {"frequency": 30.0}, "snake": {"alpha": 1.0}, "snake_beta": {"alpha": 1.0, "beta": 0.25}}


@pytest.mark.parametrize("name", FACTS)
def test_values_far_out_and_at_flat_spots(name: str) -> None:
    # The slope of snake is 0 at 3 pi / 4 - pi and at 3 pi / 4: next to them it is no more than 1e-31.
    near = [s * k * math.pi / 4 for s in (-1, 1) for k in (1, 3, 5, 7, 11)]
    x = np.array([*near, *np.nextafter(near, INF), *FAR[:4], 1e3, -0.7, 1e-200, 5e-324])
    function = actfn.get(name).with_parameters(**GIVEN.get(name, {}))
    with mpmath.workprec(4000):
        for order, fact in enumerate(FACTS[name]):
            for point, got in zip(x, function.derivative(x, order=order)):
                exact = fact(mpmath.mpf(float(point)))
                unit = mpmath.ldexp(1, max(-1074, int(mpmath.floor(mpmath.log(abs(exact), 2))) - 52))
                assert abs(mpmath.mpf(float(got)) - exact) <= unit, (order, point)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("sine", {"frequency": 1e3}),
        ("sine", {"frequency": -0.3}),
        ("sine", {"frequency": 1e-6}),
        ("snake", {"alpha": 7.7}),
        ("snake", {"alpha": 1e-6}),
        ("snake_beta", {"alpha": 0.3, "beta": 1.0}),
        ("snake_beta", {"alpha": 1.0, "beta": 1e3}),
    ],
)
def test_partial_derivatives(name: str, parameters: dict[str, float]) -> None:
    function, declaration = actfn.get(name), catalogue.find(name)
    for x in (1.7e308, 1e300, -1e17, 123.456, -2.5, 0.3, -1e-9, 1e-170, 5e-324):
        found = function.parameter_vjp(np.array([x]), 1.0, **parameters)
        for by, got in found.items():
            exact = formula.evaluate(declaration, x, parameters, by=by, order=1, bits=2600)
            if abs(exact) >= mpmath.ldexp(1, 1024):
                assert got == math.copysign(INF, exact)
                continue
            size = int(mpmath.floor(mpmath.log(abs(exact), 2))) if exact else -1074
            assert abs(mpmath.mpf(float(got)) - exact) <= 2 * mpmath.ldexp(1, max(-1074, size - 52)), (by, x)


def test_a_product_that_overflows_has_an_angle() -> None:
    with mpmath.workprec(4000):
        exact = mpmath.sin(mpmath.mpf(1e300) * mpmath.mpf(1e200))
        assert float(actfn.sine(1e300, frequency=1e200)) == float(exact)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", ["sine", "snake", "snake_beta", "sinc", "arctan"])
def test_libraries_agree(name: str, library: str) -> None:
    function, take = actfn.get(name), LIBRARIES[library][1]
    x = np.array([-INF, -1e30, -7.25, -2.0, -0.3, -0.0, 0.0, 1e-30, 0.25, 1.0, 11.5, 3e30, INF, math.nan])
    for dtype in ("float32", "float64"):
        given = x.astype(dtype)
        with jax.enable_x64(dtype == "float64"):
            for order in range(3):
                got = to_numpy(function.derivative(take(given), order=order))
                wanted = function.derivative(given, order=order)
                assert got.dtype == dtype
                np.testing.assert_allclose(got, wanted, rtol=4 * np.finfo(dtype).eps, err_msg=f"{dtype}, {order}")


def test_compiled_jax_keeps_the_angle() -> None:
    x = points(3, 40, 127).astype(np.float32)
    for name in ("sine", "snake"):
        function = actfn.get(name)
        for order in range(3):
            got = np.asarray(jax.jit(lambda x: function.derivative(x, order=order))(jnp.asarray(x)))  # noqa: B023
            np.testing.assert_allclose(got, function.derivative(x, order=order), rtol=1e-6)


def test_bfloat16_is_rounded_once() -> None:
    rng = np.random.default_rng(0)
    # Next to the middle of two numbers: float32 alone would lose the side.
    middle = (rng.integers(0x80, 0x7F7F, 2000, np.uint32) << 16 | 0x8000).view(np.float32).astype(np.float64)
    below, above = (blocks.narrowed(middle * (1 + side), np.dtype(ml_dtypes.bfloat16)) for side in (-1e-12, 1e-12))
    down = (middle.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)
    up = ((middle.astype(np.float32).view(np.uint32) & 0xFFFF0000) + 0x10000).view(np.float32)
    assert np.array_equal(below.astype(np.float32), down)
    assert np.array_equal(above.astype(np.float32), up)


def test_properties_of_waves() -> None:
    found = actfn.sine.properties()
    assert found.range.value == actfn.Interval(-1.0, 1.0, True, True)
    assert found.extrema.value is None and "for ever" in found.extrema.how
    assert found.second_moment.value == pytest.approx((1 - math.exp(-2)) / 2, rel=1e-15)
    fading = actfn.sinc.properties()
    # E sinc(z) is the share of a normal variable within pi of its mean, over sqrt(2 pi).
    wanted = math.erf(math.pi / math.sqrt(2)) / math.sqrt(2 * math.pi)
    assert fading.mean.value == pytest.approx(wanted, rel=1e-15)
    assert fading.zeros.value is None
    assert fading.right_limit.value == 0.0
    rising = actfn.arctan.properties()
    assert rising.derivative_lipschitz.value.value == pytest.approx(3 * math.sqrt(3) / 8, rel=1e-15)
    assert rising.monotonicity.value == "strictly increasing"
