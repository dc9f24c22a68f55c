"""What goes wrong elsewhere, with the numbers that show it: thresholds, tails, roots, masked rows, lanes, inverses."""

from __future__ import annotations

import math
import tracemalloc
import warnings
from typing import Any

import mpmath
import numpy as np
import pytest
from reference import BFLOAT16, DEFAULTS, ELEMENTWISE, FLOATS, PARAMETERS, Array, same_bits

import actfn
from actfn import catalogue, formula

INF = math.inf
HALF, SINGLE, DOUBLE = np.float16, np.float32, np.float64


def units(got: Any, exact: Any) -> float:
    """Return the largest error in units in the last place of numbers given to at least that many digits."""
    got = np.asarray(got)
    exact = np.asarray(exact, np.float64)
    assert got.dtype in (SINGLE, DOUBLE) and got.shape == exact.shape
    unit = np.spacing(np.abs(exact).astype(got.dtype)).astype(np.float64)
    return float(np.max(np.abs(got.astype(np.float64) - exact) / unit))


def function(name: str, **parameters: Any) -> actfn.Activation:
    chosen = actfn.get(name).with_parameters(**{**DEFAULTS[name], **parameters})
    assert isinstance(chosen, actfn.Activation)
    return chosen


def test_softplus_is_linear_only_where_it_is() -> None:
    x = np.array([20, 50, 100], SINGLE)
    assert actfn.softplus(x, beta=5).tolist() == [20, 50, 100]
    assert actfn.softplus.gradient(x, beta=5).tolist() == [1, 1, 1]
    narrow = actfn.softplus(np.array([10, 11, 12, 60000], HALF))
    assert np.isfinite(narrow).all() and (np.diff(narrow) >= 0).all()
    assert units(actfn.softplus(20.1), 20.100000001865009) <= 2


def test_softplus_and_mish_in_the_tail() -> None:
    # The numbers belong to the float64 next to a decimal, whose own error would be seven units.
    assert units(actfn.softplus(-12.3392), 4.3767584460561162e-06) <= 2
    assert units(actfn.softplus(-29.100761), 2.2998530024686167e-13) <= 2
    with mpmath.workprec(200):
        for x in (SINGLE(-12.3392), SINGLE(-29.100761)):
            assert units(actfn.softplus(x), float(mpmath.log1p(mpmath.exp(mpmath.mpf(float(x)))))) <= 1
    assert units(actfn.mish(-20.0), -4.1223072406287614e-08) <= 2
    assert units(actfn.mish.gradient(-20.0), -3.9161918743489691e-08) <= 2
    # log sigmoid(x) is -softplus(-x).
    assert -actfn.softplus(INF) == -INF and actfn.softplus.gradient(INF) == 1


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_softplus_and_its_derivative_never_fall(dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(0)
    x = np.sort(np.concatenate([rng.uniform(-110, 110, 50_000), rng.normal(size=50_000) * 5])).astype(dtype)
    for values in (actfn.softplus(x), actfn.softplus.gradient(x)):
        assert (values[1:] >= values[:-1]).all()


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_no_number_gives_nan(name: str, dtype: np.dtype[Any]) -> None:
    with np.errstate(all="ignore"):
        info = np.finfo(np.float32 if dtype == BFLOAT16 else dtype)
        sizes = [0, float(info.tiny), float(info.smallest_subnormal), 1, 88.7, 710, 1e4, float(info.max), INF]
        x = np.array([sign * size for size in sizes for sign in (1, -1)]).astype(dtype)
    sets = [DEFAULTS[name], *([PARAMETERS[name]] if name in PARAMETERS else [])]
    for parameters in sets:
        for order in (0, 1, 2):
            got = function(name, **parameters).derivative(x, order=order)
            assert not np.isnan(got).any(), (parameters, order, x[np.isnan(got)])


def test_limits_of_the_gated_functions() -> None:
    for gated in (actfn.gelu, actfn.gelu_tanh, actfn.silu, actfn.mish):
        assert gated(-INF) == 0 and gated(INF) == INF
        for dtype in (SINGLE, DOUBLE):
            assert gated.gradient(np.array([1e20, -1e20], dtype)).tolist() == [1, 0]


def test_a_small_term_of_log_softmax() -> None:
    x = np.array([16.942385, 0], SINGLE)
    got = actfn.log_softmax(x)
    with mpmath.workprec(200):
        exact = -mpmath.log1p(mpmath.exp(-mpmath.mpf(float(x[0]))))
        assert units(got[:1], [float(exact)]) <= 2
    assert got[0] == pytest.approx(-4.385e-08, rel=1e-3)


def test_long_rows_of_half_precision() -> None:
    assert (actfn.softmax(np.zeros(70000, HALF)) == HALF(1 / 70000)).all()
    assert HALF(1 / 70000) > 0
    assert actfn.softmax(np.zeros(4096, HALF)).sum(dtype=np.float64) == 1


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_a_row_of_nothing_but_minus_infinity(dtype: np.dtype[Any]) -> None:
    x = np.array([[0, 1, 2, 3], [-INF] * 4, [3, 1, -INF, 0]], dtype)
    g = np.arange(1, 13).reshape(3, 4).astype(dtype)
    # Equal infinities count as equal numbers, so the row has equal shares instead of zeros.
    assert actfn.softmax(x)[1].tolist() == [0.25] * 4
    assert actfn.softmax.vjp(x, g)[1].tolist() == [0.25 * (c - 6.5) for c in (5, 6, 7, 8)]
    for rows in (actfn.softmax, actfn.log_softmax):
        assert same_bits(rows(x)[[0, 2]], rows(x[[0, 2]]))
        assert same_bits(rows.vjp(x, g)[[0, 2]], rows.vjp(x[[0, 2]], g[[0, 2]]))
    assert actfn.softmax(np.empty((3, 0), dtype)).shape == (3, 0)


def test_gelu_in_the_tail() -> None:
    x = np.array([-5, -5.5, -6, -8], SINGLE)
    exact = [-1.4332578594e-06, -1.0444259356e-07, -5.9195258702e-09, -4.9767684594e-15]
    assert units(actfn.gelu(x), exact) <= 1
    assert units(actfn.gelu(-10.0), -7.6198530241605261e-23) <= 2
    assert units(actfn.gelu.gradient(-6.0), -3.5468709453902015e-08) <= 2
    assert units(actfn.gelu_tanh(-6.0), -8.4396467007622971e-11) <= 2


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_gelu_falls_to_its_minimum(dtype: np.dtype[Any]) -> None:
    x = -np.geomspace(0.7518, 60, 100_000)[::-1].astype(dtype)
    values = actfn.gelu(x)
    assert (values[1:] <= values[:-1]).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nothing_is_raised_and_dtypes_are_kept(name: str) -> None:
    chosen = function(name)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for dtype in FLOATS:
            x = np.linspace(-1e4, 1e4, 20001).astype(dtype)
            for got in (chosen(x), chosen.gradient(x), chosen.derivative(x, order=2)):
                assert got.dtype == dtype and not np.isnan(got).any()
        whole = np.array([1, 2], np.int32)
        assert same_bits(chosen(whole), chosen(np.array([1.0, 2.0])))
        assert same_bits(chosen(np.array([True, False])), chosen(np.array([1.0, 0.0])))


def test_sigmoid_of_a_list_of_integers() -> None:
    assert actfn.sigmoid([0, 1]).tolist() == [0.5, pytest.approx(0.73105858, abs=5e-9)]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_gradient_is_the_derivative_of_the_formula(name: str) -> None:
    rng = np.random.default_rng(1)
    sets = [DEFAULTS[name], *([PARAMETERS[name]] if name in PARAMETERS else [])]
    for parameters in sets:
        x = np.concatenate([rng.normal(size=20) * 4, [-30.0, -0.5, 0.5, 30.0]])
        exact = [float(formula.evaluate(catalogue.find(name), float(p), parameters, order=1)) for p in x]
        assert units(function(name, **parameters).gradient(x), exact) <= 2
    # 22 % off is what a gradient of another formula costs.
    assert abs(actfn.gelu.gradient(-3.0) / actfn.gelu_tanh.gradient(-3.0) - 1) > 0.01


def test_first_derivatives_in_saturated_tails() -> None:
    for x in (40.0, -40.0):
        assert units(actfn.sigmoid.gradient(x), 4.248354255291589e-18) <= 2
    seventeen = np.array([17.0], SINGLE)
    assert units(actfn.sigmoid.gradient(seventeen), [4.13993738e-08]) <= 1
    assert units(actfn.tanh.gradient(20.0), 1.6993417021166356e-17) <= 2
    assert units(actfn.elu.gradient(-40.0), 4.248354255291589e-18) <= 2
    assert units(actfn.silu.gradient(-709.0), -8.6148077144138353e-306) <= 2


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_even_derivatives_are_even_to_the_bit(dtype: np.dtype[Any]) -> None:
    x = (np.random.default_rng(2).normal(size=10_000) * 20).astype(dtype)
    for even in (actfn.sigmoid.gradient, actfn.tanh.gradient, actfn.softsign.gradient):
        assert same_bits(even(x), even(-x))
    for odd in (actfn.tanh, actfn.softsign):
        assert same_bits(odd(-x), -odd(x))


def test_second_derivatives_in_saturated_tails() -> None:
    # The numbers belong to the float64 next to each decimal.
    assert units(actfn.softplus.derivative(37.42994775023705, order=2), 5.5511151231257755e-17) <= 2
    assert units(actfn.silu.derivative(40.410841513445845, order=2), -1.0820525268131132e-16) <= 2
    assert units(actfn.tanh.derivative(1e-300, order=2), -2e-300) <= 2
    assert units(actfn.gelu.derivative(-6.0, order=2), -2.0658001689399171e-07) <= 2
    second = actfn.softplus.derivative(np.array([40.0, -40.0]), order=2)
    assert second[0] == second[1] > 0


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_the_same_bits_for_every_length_offset_and_stride(dtype: np.dtype[Any]) -> None:
    base = (np.random.default_rng(3).normal(size=80) * 6).astype(dtype)
    for name in ELEMENTWISE:
        chosen = function(name)
        alone = np.array([chosen(base[i : i + 1])[0] for i in range(len(base))])
        for n in range(1, 68):
            assert same_bits(chosen(base[:n]), alone[:n]), (name, n)
            assert same_bits(chosen(base[n : 2 * n : 2]), alone[n : 2 * n : 2]), (name, n)
            assert same_bits(chosen(base[n::-1]), alone[n::-1]), (name, n)
        assert same_bits(chosen(np.broadcast_to(base[3], (5, 7))), np.full((5, 7), alone[3]))
        assert same_bits(chosen(base.reshape(8, 10).T), alone.reshape(8, 10).T)
        inplace = base.copy()
        assert chosen(inplace, out=inplace) is inplace
        assert same_bits(inplace, alone)
    assert actfn.tanh(np.array([1000], HALF))[0] == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_products_are_those_with_the_explicit_jacobian(axis: int) -> None:
    rng = np.random.default_rng(4)
    x, g = rng.normal(size=(2, 3, 4, 5))
    s = actfn.softmax(x, axis=axis)
    by_formula = s * (g - (g * s).sum(axis=axis, keepdims=True))
    got = actfn.softmax.vjp(x, g, axis=axis)
    tight = 4 * np.spacing(np.abs(g).max())
    assert np.abs(got - by_formula).max() <= tight
    for rows in (actfn.softmax, actfn.log_softmax):
        jacobian = rows.jacobian(x, axis=axis)
        product = np.einsum("...i,...ij->...j", np.moveaxis(g, axis, -1), jacobian)
        assert np.abs(np.moveaxis(rows.vjp(x, g, axis=axis), axis, -1) - product).max() <= tight
        total = rows.vjp(x, g, axis=axis).sum(axis=axis)
        assert np.abs(total).max() <= 2 * np.spacing(np.abs(g).max())


def test_a_product_that_saturates() -> None:
    got = actfn.log_softmax.vjp(np.array([37.43, 0.0]), np.array([1.0, 0.0]))
    with mpmath.workprec(200):
        e = mpmath.exp(-mpmath.mpf(37.43))
        share = float(e / (1 + e))
    assert units(got, [share, -share]) <= 2
    assert share == pytest.approx(5.55e-17, rel=1e-3)


def test_a_product_takes_no_more_memory_than_its_result() -> None:
    x = np.random.default_rng(5).normal(size=(1, 200_000))
    for rows in (actfn.softmax, actfn.log_softmax):
        rows.vjp(x[:, :10], x[:, :10])
        tracemalloc.start()
        result = rows.vjp(x, x)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result.nbytes <= peak <= 1.5 * result.nbytes


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_products_and_derivatives_allocate_nothing_but_their_results(name: str, dtype: np.dtype[Any]) -> None:
    chosen = function(name)
    x = np.linspace(-3, 3, 100_000).astype(dtype)
    out, other = np.empty_like(x), np.empty_like(x)
    chosen.vjp(x[:9000], x[:9000], out=out[:9000])  # a table of 16-bit results is made once and stays
    chosen.value_and_derivative(x[:9000], out=(out[:9000], other[:9000]))
    tracemalloc.start()
    chosen.vjp(x, x, out=out)
    chosen.value_and_derivative(x, out=(out, other))
    peak = tracemalloc.get_traced_memory()[1]
    both = chosen.value_and_derivative(x)
    results = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The interpreter's own objects aside: a tenth of what one array takes.
    assert peak < x.nbytes / 10
    assert results < sum(result.nbytes for result in both) + x.nbytes / 10


KINKS: tuple[tuple[str, dict[str, float], list[tuple[float, float, float]]], ...] = (
    ("relu", {}, [(0.0, 0.0, 1.0)]),
    ("leaky_relu", {"negative_slope": 0.125}, [(0.0, 0.125, 1.0)]),
    ("prelu", {"alpha": -0.5}, [(0.0, -0.5, 1.0)]),
    ("elu", {"alpha": 1.75}, [(0.0, 1.75, 1.0)]),
    ("elu", {"alpha": 1.0}, []),
    ("selu", {}, [(0.0, 1.7580993408473768, 1.0507009873554805)]),
    ("hard_sigmoid", {}, [(-3.0, 0.0, 1 / 6), (3.0, 1 / 6, 0.0)]),
    ("hard_sigmoid", {"slope": 0.25, "offset": 0.5}, [(-2.0, 0.0, 0.25), (2.0, 0.25, 0.0)]),
)


@pytest.mark.parametrize(("name", "parameters", "kinks"), KINKS)
def test_kinks_are_listed_and_the_chosen_slope_is_returned(
    name: str, parameters: dict[str, float], kinks: list[tuple[float, float, float]]
) -> None:
    chosen = function(name, **parameters)
    # One convention, the one that is listed; there is no switch between those of the frameworks.
    assert [(kink.x, kink.left, kink.right) for kink in chosen.kinks] == kinks
    for kink in chosen.kinks:
        at = chosen.gradient(kink.x)
        assert at == kink.chosen and min(kink.left, kink.right) <= at <= max(kink.left, kink.right)
        for side, slope in ((-INF, kink.left), (INF, kink.right)):
            assert units(chosen.gradient(np.nextafter(kink.x, side)), slope) <= 2


def test_small_arguments_do_not_cancel() -> None:
    assert units(actfn.selu(np.array([-1e-8], SINGLE)), [1.7580993408473768 * float(SINGLE(-1e-8))]) <= 1
    assert actfn.selu(SINGLE(-1e-8)) == SINGLE(-1.7580993e-08)
    small = SINGLE(-1e-7)
    assert units(actfn.elu(small), math.expm1(float(small))) <= 0.51
    assert actfn.hard_sigmoid(np.array([INF, -INF], HALF)).tolist() == [1, 0]
    assert actfn.tanh(np.array([1e-300, 5e-324])).tolist() == [1e-300, 5e-324]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_goes_through_in_every_lane(name: str, dtype: np.dtype[Any]) -> None:
    chosen = function(name)
    for place in range(40):
        x = np.full(40, 0.5, dtype)
        x[place] = np.nan
        for order in (0, 1, 2):
            nan = np.isnan(chosen.derivative(x, order=order))
            assert nan[place] and nan.sum() == 1


def test_odd_functions_keep_the_sign_of_zero() -> None:
    for name in ("identity", "tanh", "softsign"):
        assert same_bits(actfn.get(name)(np.array([0.0, -0.0])), np.array([0.0, -0.0])), name


@pytest.mark.parametrize(("name", "parameter"), [("leaky_relu", "negative_slope"), ("prelu", "alpha")])
def test_zero_under_a_negative_slope_has_the_sign_of_what_is_beside_it(name: str, parameter: str) -> None:
    # Both sides of 0 are positive then.
    got = actfn.get(name)(np.array([5e-324, 0.0, -0.0, -5e-324]), **{parameter: -1.0})
    assert same_bits(got, np.array([5e-324, 0.0, 0.0, 5e-324]))


def partials(name: str, by: str, x: Array, parameters: dict[str, float]) -> Array:
    declaration = catalogue.find(name)
    return np.array([float(formula.evaluate(declaration, float(p), parameters, order=1, by=by)) for p in x])


@pytest.mark.parametrize(
    ("name", "by", "value"),
    [("swish", "beta", 1.25), ("swish", "beta", -0.5), ("softplus", "beta", 2.5), ("elu", "alpha", 0.75)],
)
def test_a_parameter_of_the_shape_of_x_gets_each_its_own_gradient(name: str, by: str, value: float) -> None:
    x = np.concatenate([np.linspace(-30, 30, 25), [-1e-5, 1e-5]])
    found = actfn.get(name).parameter_vjp(x, np.ones_like(x), **{by: np.full_like(x, value)})
    assert found.keys() == {by} and units(found[by], partials(name, by, x, {by: value})) <= 2


def test_a_slope_for_each_channel_and_one_for_all() -> None:
    rng = np.random.default_rng(6)
    x, g = rng.normal(size=(2, 5, 3, 4))
    alpha = np.array([0.25, -0.5, 2.0])[:, None]
    assert same_bits(actfn.prelu(x, alpha=alpha), np.where(x > 0, x, alpha * x))
    channel = actfn.prelu.parameter_vjp(x, g, alpha=alpha)["alpha"]
    assert channel.shape == alpha.shape
    expected = np.where(x > 0, 0, x * g).sum(axis=(0, 2), keepdims=True)[0]
    assert np.abs(channel - expected).max() <= 8 * np.spacing(np.abs(x * g).sum())
    shared = actfn.prelu.parameter_vjp(x, g, alpha=0.25)["alpha"]
    assert np.shape(shared) == () and abs(shared - expected.sum()) <= 8 * np.spacing(np.abs(x * g).sum())


def test_inverse_softplus_undoes_softplus() -> None:
    x = np.concatenate([np.linspace(-700, 700, 2001), [-37.0, -1e-3, 1e-3, 0.0]])
    y = actfn.softplus(x)
    back = actfn.softplus.inverse(y)
    # An error of half a unit in y, and four in the result.
    allowed = 0.5 * np.spacing(y) / actfn.sigmoid(x) + 4 * np.spacing(np.abs(x))
    assert (np.abs(back - x) <= allowed).all()
    assert actfn.softplus.inverse(SINGLE(100)) == 100
    assert units(actfn.softplus.inverse(1e-30), -69.0775527898213705) <= 2


def test_the_ends_of_the_domains_of_inverses() -> None:
    logit, atanh = actfn.sigmoid.inverse, actfn.tanh.inverse
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for dtype in FLOATS:
            zero_one = np.array([0, 1], dtype)
            assert actfn.softplus.inverse(zero_one[:1]).tolist() == [-INF]
            assert logit(zero_one).tolist() == [-INF, INF]
            for odd in (atanh, actfn.softsign.inverse):
                assert odd(np.array([-1, 1], dtype)).tolist() == [-INF, INF]
            assert actfn.elu.inverse(np.array([-1], dtype)).tolist() == [-INF]
            outside = np.array([-2.5, -INF], dtype)
            for inverse in (logit, atanh, actfn.softsign.inverse, actfn.elu.inverse, actfn.selu.inverse):
                assert np.isnan(inverse(outside)).all()
            assert np.isnan(actfn.softplus.inverse(outside)).all()
            assert np.isnan(logit(np.array([1.5, INF], dtype))).all()


def test_the_last_number_above_the_limit_of_selu_has_a_finite_inverse() -> None:
    last = -1.7580993408473768
    with mpmath.workprec(300):
        scale, alpha = (
            mpmath.mpf("1.05070098735548049341933498529460"),
            mpmath.mpf("1.67326324235437728481704299167167"),
        )
        exact = float(mpmath.log1p(mpmath.mpf(last) / (scale * alpha)))
    assert exact == pytest.approx(-39.36, abs=0.01)
    assert actfn.selu(-45.0) == last
    assert units(actfn.selu.inverse(last), exact) <= 4


def test_inverses_undo_their_functions() -> None:
    x = np.concatenate([np.linspace(-4, 4, 801), [1e-12, -1e-12]])
    for name, condition in (
        ("sigmoid", 1.0),
        ("tanh", 1.0),
        ("softsign", 1.0),
        ("elu", 1.0),
        ("selu", 1.0),
        ("leaky_relu", 1.0),
    ):
        chosen = function(name)
        y = chosen(x)
        allowed = condition * 0.6 * np.spacing(np.abs(y)) / chosen.gradient(x) + 4 * np.spacing(np.abs(x))
        assert (np.abs(chosen.inverse(y) - x) <= allowed).all(), name
    with mpmath.workprec(200):
        for p in (1e-300, 0.3, 0.75, 1 - 2.0**-53):
            p_exact = mpmath.mpf(p)
            assert units(actfn.sigmoid.inverse(p), float(mpmath.log(p_exact / (1 - p_exact)))) <= 4
            assert units(actfn.tanh.inverse(p), float(mpmath.atanh(p_exact))) <= 4


def test_the_bend_of_logit_next_to_its_root() -> None:
    # (2x - 1) / (x - x^2)^2; 2x - 1 is exact.
    for x in (np.nextafter(0.5, 0), 0.4999999999999983, 0.4995, np.nextafter(0.5, 1)):
        with mpmath.workprec(300):
            p = mpmath.mpf(float(x))
            exact = float((2 * p - 1) / (p - p * p) ** 2)
        assert units(actfn.sigmoid.inverse.derivative(x, order=2), exact) <= 4


def test_what_is_not_one_to_one_has_no_inverse() -> None:
    for name in ("relu", "silu", "mish", "gelu", "gelu_tanh", "swish", "hard_sigmoid"):
        assert actfn.get(name).inverse is None, name
    assert actfn.leaky_relu.with_parameters(negative_slope=-0.5).inverse is None
    assert actfn.elu.with_parameters(alpha=0.0).inverse is None
