"""Functions of rows beside softmax: every component against its definition in ball arithmetic, and every edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import row_oracle
import xarray
from reference import FLOATS, Array, same_bits

import actfn
from actfn.accuracy.formats import FORMATS

INF = np.inf
ALL: list[tuple[str, dict[str, float]]] = [
    *((name, {}) for name in ("softmin", "logsumexp", "logmeanexp", "hardmax", "sparsemax", "entmax15")),
    *((name, {}) for name in ("sigsoftmax", "solu")),
    *(("entmax", {"alpha": alpha}) for alpha in (1.0, 1.001, 1.25, 1.5, 1.75, 2.0, 3.0, 6.0)),
    *(("normmax", {"alpha": alpha}) for alpha in (1.25, 2.0, 4.0)),
    *(("budget", {"budget": size}) for size in (0.5, 2.0, 3.5)),
]
# The same without the parameters that only take longer.
FEW = [case for case in ALL if case[1] not in ({"alpha": 1.001}, {"alpha": 1.75}, {"alpha": 6.0}, {"alpha": 1.25})]
SPARSE = ("sparsemax", "entmax15", "entmax", "normmax", "budget")
REDUCED = ("logsumexp", "logmeanexp")
# The distance from the exact component in units in its last place.
BOUND = {"float16": 0.501, "bfloat16": 0.501, "float32": 0.501, "float64": 2.0}
every = pytest.mark.parametrize(("name", "parameters"), ALL, ids=str)
few = pytest.mark.parametrize(("name", "parameters"), FEW, ids=str)
dtypes = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def rows(dtype: np.dtype[Any], length: int = 6) -> list[Array]:
    """Return rows that are narrow, wide, full of ties, far from 0, and next to a threshold."""
    rng = np.random.default_rng(11)
    found = [rng.normal(size=length) * scale for scale in (0.2, 1.0, 4.0)]
    found += [rng.integers(-1, 2, length) / 2, 60 + rng.normal(size=length) / 4]
    # Some entries have next to nothing beyond the threshold of sparsemax, which the last one moves.
    found += [np.array([1.0, 0.5, 0.5, 1e-6, -1e-7, 2e-3])[:length], np.array([1.0, 1e-30, 0.0, -1.0, -2.0, -1e-20])]
    return [row.astype(dtype) for row in found]


def worst(got: Any, exact: Any) -> float:
    got = np.atleast_1d(got)
    form = FORMATS[got.dtype.name]
    assert len(got) == len(exact)
    return max(
        row_oracle.distance(float(a), b, form.digits, form.smallest_exponent) for a, b in zip(got, exact, strict=True)
    )


def cotangent(name: str, length: int, dtype: Any = np.float64) -> Any:
    g = np.random.default_rng(5).normal(size=length).astype(dtype)
    return g[0] if name in REDUCED else g


@dtypes
@every
def test_every_component(name: str, parameters: dict[str, float], dtype: np.dtype[Any]) -> None:
    function = actfn.get(name)
    for row in rows(dtype):
        got = function(row, **parameters)
        assert got.dtype == dtype
        exact = row_oracle.value(name, row.astype(np.float64).tolist(), **parameters)
        assert worst(got, exact) <= (1.0 if (name, dtype) == ("softmin", np.float32) else BOUND[dtype.name]), row


@every
def test_products_and_jacobians(name: str, parameters: dict[str, float]) -> None:
    function = actfn.get(name)
    for row in rows(np.dtype(np.float64))[:3]:
        matrix = row_oracle.jacobian(name, row.tolist(), **parameters)
        jacobian = np.atleast_2d(function.jacobian(row, **parameters))
        for got, exact in zip(jacobian, matrix, strict=True):
            assert worst(got, exact) <= 2
        g = cotangent(name, len(row))
        assert worst(function.vjp(row, g, **parameters), row_oracle.product(matrix, np.atleast_1d(g).tolist())) <= 2


@pytest.mark.parametrize("dtype", FLOATS[:3], ids=str)
@few
def test_narrow_products(name: str, parameters: dict[str, float], dtype: np.dtype[Any]) -> None:
    function, row = actfn.get(name), rows(dtype)[1]
    g = cotangent(name, len(row), dtype)
    got = function.vjp(row, g, **parameters)
    assert got.dtype == dtype
    matrix = row_oracle.jacobian(name, row.astype(np.float64).tolist(), **parameters)
    assert worst(got, row_oracle.product(matrix, np.atleast_1d(g).astype(np.float64).tolist())) <= BOUND[dtype.name]


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        *(("entmax", "alpha", alpha) for alpha in (1.001, 1.25, 1.5, 2.0, 3.0)),
        *(("normmax", "alpha", alpha) for alpha in (1.5, 2.0, 4.0)),
        ("budget", "budget", 1.5),
    ],
)
def test_derivatives_by_parameters(name: str, parameter: str, value: float) -> None:
    function = actfn.get(name)
    for row in rows(np.dtype(np.float64))[:3]:
        exact = row_oracle.by_parameter(name, row.tolist(), parameter, value)
        got = [function.parameter_vjp(row, unit, **{parameter: value})[parameter] for unit in np.eye(len(row))]
        assert worst(np.array(got), exact) <= 2


def test_the_derivative_by_alpha_at_softmax_is_the_limit() -> None:
    row = np.array([0.5, -1.0, 1.25])
    above = row_oracle.by_parameter("entmax", row.tolist(), "alpha", 1 + 2.0**-40)
    got = [actfn.entmax.parameter_vjp(row, unit, alpha=1.0)["alpha"] for unit in np.eye(3)]
    np.testing.assert_allclose(got, [float(one.mid()) for one in above], rtol=1e-11)


# From the package entmax, 1.3, in float64: values of a row and its product with G.
X = np.array([[0.75, -1.5, 1.25, 0.5, -0.25, 1.0], [2.0, 0.125, -0.5, 1.75, 1.875, -3.0]])
G = np.array([[1.0, 2.0, -1.0, 0.5, 0.25, -2.0], [0.5, -1.0, 3.0, -0.25, 1.5, 2.0]])
PUBLISHED: list[tuple[str, dict[str, float], list[list[float]], list[list[float]]]] = [
    (
        "sparsemax",
        {},
        [[0.08333333333, 0, 0.5833333333, 0, 0, 0.3333333333], [0.4583333333, 0, 0, 0.2083333333, 0.3333333333, 0]],
        [
            [1.666666667, 0, -0.3333333333, 0, 0, -1.333333333],
            [-0.08333333333, 0, 0, -0.8333333333, 0.9166666667, 0],
        ],
    ),
    (
        "entmax15",
        {},
        [
            [0.1743660488, 0, 0.4456518535, 0.08559814653, 0, 0.2943839512],
            [0.4065217382, 0, 0, 0.2627490951, 0.3307291667, 0],
        ],
        [
            [0.6760919497, 0, -0.2542752168, 0.3274181191, 0, -0.749234852],
            [-0.0704556498, 0, 0, -0.4410857084, 0.5115413582, 0],
        ],
    ),
    (
        "entmax",
        {"alpha": 1.25},
        [
            [0.1901947037, 9.181834745e-05, 0.3804858389, 0.1277854054, 0.02836490883, 0.2730773248],
            [0.3849654218, 0.0103475357, 0.0007005600143, 0.2765716466, 0.3274148359, 0],
        ],
        [
            [0.4538874766, 0.002416232857, -0.2054211264, 0.2299657784, 0.05708908266, -0.537937444],
            [-0.03972837111, -0.05130256602, 0.01041520683, -0.3170356044, 0.3976513347, 0],
        ],
    ),
    (
        "entmax",
        {"alpha": 3.0},
        [[0, 0, 0.75, 0, 0, 0.25], [0.625, 0, 0, 0, 0.375, 0]],
        [[0, 0, 1, 0, 0, -1], [-1, 0, 0, 0, 1, 0]],
    ),
    (
        "normmax",
        {"alpha": 2.0},
        [
            [0.1746221639, 0, 0.4761335084, 0.02386649157, 0, 0.3253778361],
            [0.4066568908, 0, 0, 0.2600097758, 0.3333333333, 0],
        ],
        [
            [0.931944156, 0, -0.6852530559, 0.8360087281, 0, -1.082699828],
            [-0.04178654353, 0, 0, -0.4959195449, 0.5377060884, 0],
        ],
    ),
    (
        "normmax",
        {"alpha": 4.0},
        [[0.25479131, 0, 0.4014539665, 0, 0, 0.3437547235], [0.3649421784, 0, 0, 0.2996034759, 0.3354543457, 0]],
        [
            [0.7651169778, 0, -0.2567748362, 0, 0, -0.5083421416],
            [0.00253348176, 0, 0, -0.2557461319, 0.2532126502, 0],
        ],
    ),
    (
        "budget",
        {"budget": 2.0},
        [[0.375, 0, 0.875, 0.125, 0, 0.625], [0.7916666667, 0, 0, 0.5416666667, 0.6666666667, 0]],
        [[1.375, 0, -0.625, 0.875, 0, -1.625], [-0.08333333333, 0, 0, -0.8333333333, 0.9166666667, 0]],
    ),
]


@pytest.mark.parametrize(("name", "parameters", "values", "products"), PUBLISHED)
def test_the_values_of_the_package_entmax(name: str, parameters: dict[str, float], values: Any, products: Any) -> None:
    function = actfn.get(name)
    np.testing.assert_allclose(function(X, **parameters), values, rtol=1e-9)
    np.testing.assert_allclose(function.vjp(X, G, **parameters), products, rtol=1e-8)


def test_the_package_s_derivative_by_alpha() -> None:
    assert float(actfn.entmax.parameter_vjp(X, G, alpha=1.25)["alpha"]) == pytest.approx(-0.4165, abs=5e-5)


def test_entmax_at_its_landmarks() -> None:
    x = np.random.default_rng(3).normal(size=(5, 8))
    assert same_bits(actfn.entmax(x, alpha=1.5), actfn.entmax15(x))
    assert same_bits(actfn.entmax(x, alpha=2.0), actfn.sparsemax(x))
    assert same_bits(actfn.entmax.with_parameters(alpha=2.0)(x), actfn.sparsemax(x))
    np.testing.assert_array_max_ulp(actfn.entmax(x, alpha=1.0), actfn.softmax(x), 1)
    # The search has no seam at the landmarks, nor where alpha - 1 is the last place of 1.
    for alpha in (1.0, 1.5, 2.0):
        for near in (np.nextafter(alpha, 3.0), np.nextafter(alpha, max(1.0, alpha - 1))):
            np.testing.assert_allclose(actfn.entmax(x, alpha=near), actfn.entmax(x, alpha=alpha), rtol=1e-11, atol=0)
    assert same_bits(actfn.entmax(x, alpha=1e6), actfn.hardmax(x))


def test_an_entry_that_has_just_come_in_above_2() -> None:
    row = np.array([0.0, 0.0, -(1 - 1e-8) / 160])
    got = actfn.entmax(row, alpha=6.0)
    assert 0 < got[2] < 1e-8
    assert worst(got, row_oracle.value("entmax", row.tolist(), alpha=6.0)) <= 2
    matrix = row_oracle.jacobian("entmax", row.tolist(), alpha=6.0)
    assert max(worst(a, b) for a, b in zip(actfn.entmax.jacobian(row, alpha=6.0), matrix)) <= 2


def test_every_row_may_have_its_own_alpha() -> None:
    x = np.random.default_rng(4).normal(size=(2, 3, 5))
    alpha = np.array([1.0, 1.3, 2.5])[:, None]
    g = np.random.default_rng(5).normal(size=x.shape)
    got, product = actfn.entmax(x, alpha=alpha), actfn.entmax.vjp(x, g, alpha=alpha)
    matrix = actfn.entmax.jacobian(x, alpha=alpha)
    by_alpha = actfn.entmax.parameter_vjp(x, g, alpha=alpha)["alpha"]
    assert by_alpha.shape == alpha.shape
    for i, one in enumerate(alpha[:, 0].tolist()):
        assert same_bits(got[:, i], actfn.entmax(x[:, i], alpha=one))
        assert same_bits(product[:, i], actfn.entmax.vjp(x[:, i], g[:, i], alpha=one))
        assert same_bits(matrix[:, i], actfn.entmax.jacobian(x[:, i], alpha=one))
        alone = actfn.entmax.parameter_vjp(x[:, i], g[:, i], alpha=one)["alpha"]
        assert float(by_alpha[i, 0]) == pytest.approx(float(alone), rel=1e-13)
    turned = actfn.entmax(np.moveaxis(x, -1, 0), axis=0, alpha=alpha[None, :, 0])
    assert same_bits(np.moveaxis(turned, 0, -1), got)


def test_a_tiny_entry_beside_a_large_one() -> None:
    # The thresholds are 5e-301, and 2e-20 / 3.
    assert actfn.sparsemax(np.array([1.0, 1e-300])).tolist() == [1.0, 5e-301]
    got = actfn.sparsemax(np.array([1.0, 1e-20, 1e-20]))
    np.testing.assert_array_max_ulp(got, np.array([1.0, 1e-20 / 3, 1e-20 / 3]), 1)
    got = actfn.sparsemax(np.array([1.0, 1e-30], np.float32))
    assert got.tolist() == [1.0, float(np.float32(1e-30) / 2)]


@pytest.mark.parametrize("name", SPARSE)
def test_long_rows_add_up(name: str) -> None:
    function = actfn.get(name)
    size = 2.0 if name == "budget" else 1.0
    zeros = np.zeros(70_001)
    assert np.unique(function(zeros)).tolist() == [size / 70_001]
    x = np.random.default_rng(6).normal(size=(2, 30_001))
    y = function(x)
    np.testing.assert_allclose(y.sum(axis=-1), size, rtol=1e-15)
    assert (y[x.argsort(axis=-1) < 0] == 0).all() and np.count_nonzero(y) < 5000
    # The products sum to 0, since the sum of a row is fixed.
    product = function.vjp(x, np.random.default_rng(7).normal(size=x.shape))
    np.testing.assert_array_less(np.abs(product.sum(axis=-1)), 1e-14)


def test_many_steps_of_newton_s_method() -> None:
    # Each step of Michelot's leaves out a few entries only.
    x = -(np.arange(400.0) ** 1.5) * 1e-5
    got = actfn.sparsemax(x)
    inside = int(np.count_nonzero(got))
    assert 50 < inside < 400
    assert worst(got[:inside], row_oracle.value("sparsemax", x[:inside].tolist())) <= 2
    assert x[inside] - (x[0] - got[0]) <= 0


@dtypes
def test_hardmax_takes_the_first_of_equals(dtype: np.dtype[Any]) -> None:
    x = np.array([[1, 3, 3, 2], [-INF] * 4, [0, INF, INF, 5]], dtype)
    assert actfn.hardmax(x).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]]
    assert not actfn.hardmax.vjp(x, np.ones_like(x)).any()


@dtypes
def test_infinities_share_as_equals(dtype: np.dtype[Any]) -> None:
    third = float(np.array(1 / 3).astype(dtype))
    for row, shares in (
        ([-INF] * 3, [third] * 3),
        ([0.0, INF, 1.0], [0.0, 1.0, 0.0]),
        ([INF, 5.0, INF], [0.5, 0.0, 0.5]),
        ([-INF, 5.0, 4.0], None),
    ):
        x = np.array(row, dtype)
        for name in ("sparsemax", "entmax15", "entmax", "normmax", "sigsoftmax"):
            got = actfn.get(name)(x)
            if shares is None:
                assert same_bits(got[1:], actfn.get(name)(x[1:])) and got[0] == 0
            else:
                assert got.tolist() == shares, name
        assert actfn.softmin(-x).tolist() == actfn.softmax(x).tolist()
    assert actfn.budget(np.array([INF, 1.0, -INF, 0.5], dtype), budget=2.0).tolist() == [1.0, 0.75, 0.0, 0.25]
    assert actfn.budget(np.array([-INF, 1.0, -INF], dtype), budget=2.0).tolist() == [0.5, 1.0, 0.5]


@dtypes
def test_infinities_of_sums(dtype: np.dtype[Any]) -> None:
    rows = np.array([[INF, 0.0], [-INF, -INF], [-INF, 2.0], [INF, INF], [INF, -INF]], dtype)
    assert actfn.logsumexp(rows).tolist() == [INF, -INF, 2.0, INF, INF]
    assert actfn.logmeanexp(rows)[[0, 1, 3, 4]].tolist() == [INF, -INF, INF, INF]
    assert actfn.logsumexp.vjp(rows, 1.0).tolist() == [[1, 0], [0.5, 0.5], [0, 1], [0.5, 0.5], [1, 0]]
    for unknown in ([np.nan, 1.0], [np.nan, INF], [-INF, np.nan]):
        assert np.isnan(actfn.logsumexp(np.array(unknown, dtype)))
        assert np.isnan(actfn.logsumexp.vjp(np.array(unknown, dtype), 1.0)).all()


def test_infinities_of_solu() -> None:
    rows = np.array([[INF, 0.0], [-INF, -INF], [-INF, 2.0], [INF, INF], [INF, -INF]])
    got = actfn.solu(rows)
    assert got.tolist() == [[INF, 0], [-INF, -INF], [0, 2], [INF, INF], [INF, 0]]
    assert np.signbit(got[2, 0]) and np.signbit(got[4, 1])
    g = np.array([3.0, 1.0])
    assert actfn.solu.vjp(rows, g).tolist() == [[3, 0], [-INF, INF], [0, 1], [INF, -INF], [3, 0]]
    assert actfn.solu.vjp(rows[3], np.ones(2)).tolist() == [0.5, 0.5]


def test_sums_whose_largest_entry_takes_almost_all_away() -> None:
    # log(2) less its nearest number, and what the second entry adds to the first.
    row = np.array([-np.log(2.0), -np.log(2.0)])
    for x in (row, np.array([0.0, -40.0]), np.array([0.0, -700.0]), np.array([-(2.0**-30), -21.0])):
        exact = row_oracle.value("logsumexp", x.tolist())
        assert worst(actfn.logsumexp(x), exact) <= 2**10
    assert worst(actfn.logsumexp(np.array([0.0, -40.0])), row_oracle.value("logsumexp", [0.0, -40.0])) <= 1
    assert float(actfn.logsumexp(np.zeros(70_000, np.float16))) == float(np.float16(np.log(70_000)))
    assert actfn.logmeanexp(np.full((2, 1000), 3.25)).tolist() == [3.25, 3.25]
    assert actfn.logsumexp(np.array([[1e300, 1e300], [-1e300, 1e300]])).tolist() == [1e300, 1e300]


@pytest.mark.parametrize("length", [1, 2, 3, 15, 16, 17, 40])
def test_sums_of_float32_that_cancel_are_right_to_the_last_digit(length: int) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=length).astype(np.float32) * np.float32(rng.choice([1e-3, 1.0, 20.0]))
        # So that the sum of the exponentials is next to 1.
        x = (x - float(row_oracle.value("logsumexp", x.tolist())[0].mid())).astype(np.float32)
        for row in (x, np.append(x[:-1], np.nextafter(x[-1], np.float32(1)))):
            assert worst(actfn.logsumexp(row), row_oracle.value("logsumexp", row.tolist())) <= 0.51
    assert worst(actfn.logsumexp(np.array([0, -40], np.float32)), row_oracle.value("logsumexp", [0.0, -40.0])) <= 0.51


def test_sums_of_float32_do_not_depend_on_where_they_lie() -> None:
    rng = np.random.default_rng(15)
    for length in (1, 5, 16, 33, 2047, 2048, 2050, 5000):
        x, g = rng.normal(size=(3, length)).astype(np.float32), rng.normal(size=3).astype(np.float32)
        y, product = actfn.logsumexp(x), actfn.logsumexp.vjp(x, g)
        for part in (x[:, ::-1][:, ::-1], np.asfortranarray(x), np.repeat(x, 3, axis=1)[:, ::3]):
            assert same_bits(actfn.logsumexp(part), y) and same_bits(actfn.logsumexp.vjp(part, g), product)
        assert same_bits(actfn.logsumexp(x.T, axis=0), y) and same_bits(actfn.logsumexp.vjp(x.T, g, axis=0).T, product)
        into = np.full((length, 6), np.float32(7))
        actfn.logsumexp.vjp(x.T, g, axis=0, out=into[:, ::2])
        assert same_bits(into[:, ::2].T, product) and (into[:, 1::2] == 7).all()
        kept = np.empty((3, 1), np.float32)
        assert actfn.logsumexp(x, out=kept, keepdims=True) is kept and same_bits(kept[:, 0], y)


@dtypes
@few
def test_nan_spoils_its_own_row_only(name: str, parameters: dict[str, float], dtype: np.dtype[Any]) -> None:
    function = actfn.get(name)
    x = np.random.default_rng(8).normal(size=(3, 4)).astype(dtype)
    sick = x.copy()
    sick[1, 2] = np.nan
    got, expected = function(sick, **parameters), function(x, **parameters)
    expected[1] = np.nan
    assert same_bits(got, expected)
    g = np.ones((3,) if name in REDUCED else (3, 4), dtype)
    got, expected = function.vjp(sick, g, **parameters), function.vjp(x, g, **parameters)
    expected[1] = np.nan
    assert same_bits(got, expected)


@few
def test_axes_strides_and_results(name: str, parameters: dict[str, float]) -> None:
    function = actfn.get(name)
    base = np.random.default_rng(9).normal(size=(5, 8, 10))
    g = np.random.default_rng(10).normal(size=base.shape)
    for x in (base, base[:, ::-2, ::2], base.T, np.asfortranarray(base)):
        for axis in (0, 1, -1):
            last = np.ascontiguousarray(np.moveaxis(x, axis, -1))
            expected = function(last, **parameters)
            whole = expected if name in REDUCED else np.moveaxis(expected, -1, axis)
            got = function(x, axis=np.int64(axis), **parameters)
            assert same_bits(got, whole)
            out = np.empty(whole.shape[::-1]).T
            assert function(x, axis=axis, out=out, **parameters) is out
            assert same_bits(out, whole)
            given = np.resize(g, x.shape)
            c = given.take(0, axis=axis) if name in REDUCED else given
            product = function.vjp(x, c, axis=axis, **parameters)
            moved = c if name in REDUCED else np.moveaxis(c, axis, -1)
            assert same_bits(np.moveaxis(product, axis, -1), function.vjp(last, moved, **parameters))
            one = function(last[0, 0], **parameters)
            assert same_bits(one, expected[0, 0])


@few
def test_rows_do_not_know_of_each_other(name: str, parameters: dict[str, float]) -> None:
    function = actfn.get(name)
    x = np.random.default_rng(12).normal(size=(3000, 12)) * np.logspace(-3, 1, 3000)[:, None]
    whole = function(x, **parameters)
    for i in (0, 1364, 1365, 1366, 2999):
        assert same_bits(whole[i], function(x[i], **parameters))


@dtypes
@few
def test_empty_rows_and_integers(name: str, parameters: dict[str, float], dtype: np.dtype[Any]) -> None:
    function = actfn.get(name)
    for shape, axis in (((3, 0), -1), ((0, 4), 1), ((2, 0, 3), 1), ((0,), 0)):
        x = np.empty(shape, dtype)
        rest = tuple(side for i, side in enumerate(shape) if i != axis % len(shape))
        got = function(x, axis=axis, **parameters)
        assert (got.shape, got.dtype) == (rest if name in REDUCED else shape, dtype)
        if name in REDUCED and 0 not in rest:
            assert np.array_equal(got, np.full(rest, -INF if name == "logsumexp" else np.nan), equal_nan=True)
        g = np.ones(got.shape, dtype)
        product = function.vjp(x, g, axis=axis, **parameters)
        assert (product.shape, product.dtype) == (shape, dtype)
    expected = function(np.array([3.0, 0.0, 1.0, 1.0]), **parameters)
    for kind in "bBhHiIqQ":
        assert same_bits(function(np.array([3, 0, 1, 1], kind), **parameters), expected)
    assert same_bits(function([3, 0, 1, 1], **parameters), expected)
    expected = function(np.array([1.0, 0.0, 1.0, 1.0]), **parameters)
    assert same_bits(function(np.array([1, 0, 1, 1], bool), **parameters), expected)


def test_sums_keep_their_axis_when_asked() -> None:
    x = np.random.default_rng(13).normal(size=(2, 3, 4))
    for function in (actfn.logsumexp, actfn.logmeanexp):
        kept = function(x, axis=1, keepdims=True)
        assert kept.shape == (2, 1, 4)
        assert same_bits(kept[:, 0], function(x, axis=1))
        assert function.jacobian(x, axis=1).shape == (2, 4, 3)
    labelled = xarray.DataArray(x, dims=("a", "b", "c"))
    assert actfn.logsumexp(labelled, axis=1).dims == ("a", "c")
    g = xarray.DataArray(np.ones((4, 2)), dims=("c", "a"))
    assert actfn.logsumexp.vjp(labelled, g, axis=1).dims == ("a", "b", "c")
    np.testing.assert_array_max_ulp(actfn.logsumexp.vjp(labelled, g, axis=1).values, actfn.softmax(x, axis=1), 2)


def test_the_gradient_of_logsumexp_is_softmax() -> None:
    x = np.random.default_rng(14).normal(size=(4, 9)) * 20
    np.testing.assert_array_max_ulp(actfn.logsumexp.vjp(x, 1.0), actfn.softmax(x), 1)
    assert same_bits(actfn.logsumexp.vjp(x, 1.0), actfn.logmeanexp.vjp(x, 1.0))
    # A share below the smallest number is not lost before it is multiplied.
    far = np.array([0.0, -760.0])
    assert float(actfn.logsumexp.vjp(far, 1e40)[1]) == pytest.approx(1e40 * np.exp(-700.0) * np.exp(-60.0), rel=1e-14)


def test_budgets_of_every_size() -> None:
    x = np.random.default_rng(15).normal(size=(50, 7))
    for size in (1e-3, 0.5, 1.0, 2.0, 3.7, 6.0, 6.999, 7.0):
        y = actfn.budget(x, budget=size)
        np.testing.assert_allclose(y.sum(axis=-1), size, rtol=1e-15)
        assert ((y >= 0) & (y <= 1)).all()
        assert (np.diff(np.take_along_axis(y, x.argsort(axis=-1), -1), axis=-1) >= 0).all()
    assert same_bits(actfn.budget(x, budget=1.0), actfn.sparsemax(x))
    # With a gap of 1 behind the second entry nothing is left to share.
    assert actfn.budget(np.array([5.0, 4.0, 2.0]), budget=2.0).tolist() == [1.0, 1.0, 0.0]
    assert not actfn.budget.vjp(np.array([5.0, 4.0, 2.0]), np.array([1.0, 2.0, 3.0])).any()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: actfn.sparsemax(1.0), ValueError, "sparsemax.*dimension"),
        (lambda: actfn.sparsemax(np.ones(3), axis=1), ValueError, r"sparsemax.*axis.*\(3,\).*1"),
        (lambda: actfn.sparsemax(np.ones(3), where=True), TypeError, "sparsemax.*where.*-inf"),
        (lambda: actfn.sparsemax(np.ones(3), keepdims=True), TypeError, "sparsemax.*keepdims"),
        (lambda: actfn.sparsemax.vjp(np.ones((3, 4)), np.ones(3)), ValueError, r"sparsemax.*\(3,\).*\(3, 4\)"),
        (lambda: actfn.sparsemax(np.ones(3), alpha=2.0), TypeError, "sparsemax.*alpha"),
        (lambda: actfn.sparsemax(np.ones(2, complex)), TypeError, "sparsemax.*complex"),
        (lambda: actfn.sparsemax.derivative(np.ones(2)), TypeError, "sparsemax.*vjp"),
        (lambda: actfn.entmax(np.ones(3), alpha=0.5), ValueError, r"entmax.*alpha.*\[1, inf\).*0.5"),
        (lambda: actfn.entmax(np.ones(3), alpha=INF), ValueError, "entmax.*alpha.*inf"),
        (lambda: actfn.entmax(np.ones((2, 3)), alpha=np.ones(3)), ValueError, r"entmax.*\(3,\).*each row"),
        (lambda: actfn.entmax(np.ones(3), beta=2.0), TypeError, "entmax.*beta.*alpha"),
        (lambda: actfn.normmax(np.ones(3), alpha=1.0), ValueError, "normmax.*alpha.*1.0"),
        (lambda: actfn.budget(np.ones(3), budget=4.0), ValueError, "budget.*3 entries.*4.0"),
        (lambda: actfn.budget(np.ones(3), budget=0.0), ValueError, "budget.*0.0"),
        (
            lambda: actfn.logsumexp.vjp(np.ones((3, 4)), np.ones(2)),
            ValueError,
            r"logsumexp.vjp: g must have the shape \(3,\) of the result, got \(2,\)",
        ),
        (
            lambda: actfn.logsumexp.vjp(np.ones((3, 4), np.float32), np.ones(2, np.float32)),
            ValueError,
            r"logsumexp.vjp: g must have the shape \(3,\) of the result, got \(2,\)",
        ),
        (lambda: actfn.sparsemax.parameter_vjp(np.ones(3), np.ones(3)), TypeError, "sparsemax.*no parameters"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_large_array_is_worked_on_in_parts() -> None:
    x = np.random.default_rng(16).normal(size=(9000, 64)).astype(np.float32)
    whole = actfn.sparsemax(x)
    assert same_bits(whole[[0, 4500, 8999]], actfn.sparsemax(x[[0, 4500, 8999]]))
    np.testing.assert_allclose(whole.sum(axis=-1, dtype=np.float64), 1, rtol=1e-7)


def test_formulas_name_their_condition() -> None:
    assert actfn.sparsemax.formula == "max(0, x - tau), sum(max(0, x - tau)) = 1"
    assert actfn.logmeanexp.formula == "log(mean(exp(x)))"
    assert r"\quad \sum_{j=1}^{n} \max" in actfn.entmax15.latex()
    assert r"\tau" in actfn.sparsemax.latex(1) and r"\delta_{i k}" in actfn.sparsemax.latex(1)
    assert actfn.hardmax.latex(1) == "0"
