"""softmax, log_softmax and maxout: every axis, every edge, against explicit formulas in extended precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray
from reference import BFLOAT16, FLOATS, Array, long, same_bits, worst

import actfn

INF = np.inf
BOUND = {np.dtype(np.float16): 0.501, BFLOAT16: 0.501, np.dtype(np.float32): 2.0, np.dtype(np.float64): 2.0}
BOTH = (actfn.softmax, actfn.log_softmax)
rows_and_groups = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def softmax(x: Any, axis: int = -1) -> Array:
    e = np.exp(long(x) - np.max(long(x), axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Array:
    # The largest entry counts as 1 by itself, so that log1p keeps the digits of the others.
    top = np.expand_dims(np.argmax(long(x), axis=axis), axis)
    lowered = long(x) - np.take_along_axis(long(x), top, axis)
    others = np.exp(lowered)
    np.put_along_axis(others, top, 0, axis)
    return lowered - np.log1p(np.sum(others, axis=axis, keepdims=True))


def softmax_jacobian(x: Any) -> Array:
    s = softmax(x)
    return s[..., :, None] * (np.eye(s.shape[-1]) - s[..., None, :])


def log_softmax_jacobian(x: Any) -> Array:
    s = softmax(x)
    return np.eye(s.shape[-1]) - np.broadcast_to(s[..., None, :], (*s.shape, s.shape[-1]))


def cube(dtype: np.dtype[Any], seed: int = 0, scale: float = 2.0) -> Array:
    return (np.random.default_rng(seed).normal(size=(3, 4, 5)) * scale).astype(dtype)


@rows_and_groups
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_values_along_every_axis(axis: int, dtype: np.dtype[Any]) -> None:
    for scale in (1.0, 8.0):
        x = cube(dtype, scale=scale)
        for function, truth in zip(BOTH, (softmax, log_softmax)):
            got = function(x, axis=axis)
            assert got.dtype == dtype
            assert worst(got, truth(x, axis)) <= BOUND[dtype]
            assert same_bits(function.with_parameters()(x.astype(dtype), axis=np.int64(axis)), got)


@rows_and_groups
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_products_and_jacobians_along_every_axis(axis: int, dtype: np.dtype[Any]) -> None:
    x, g = cube(dtype), cube(dtype, 1)
    last, cotangent = np.moveaxis(x, axis, -1), np.moveaxis(g, axis, -1)
    for function, truth in zip(BOTH, (softmax_jacobian, log_softmax_jacobian)):
        jacobian = function.jacobian(x, axis=axis)
        assert jacobian.dtype == dtype
        assert worst(jacobian, truth(last)) <= BOUND[dtype]
        got = function.vjp(x, g, axis=axis)
        assert got.dtype == dtype
        expected = np.einsum("...i,...ij->...j", long(cotangent), truth(last))
        assert worst(np.moveaxis(got, axis, -1), expected) <= BOUND[dtype]


@rows_and_groups
def test_a_long_row_of_equals(dtype: np.dtype[Any]) -> None:
    zeros = np.zeros(70000, dtype)
    assert worst(actfn.softmax(zeros), np.full(70000, 1 / np.longdouble(70000))) <= BOUND[dtype]
    assert worst(actfn.log_softmax(zeros), np.full(70000, -np.log(np.longdouble(70000)))) <= BOUND[dtype]
    # Each of the products is (1 - 1) / 70000.
    assert not actfn.softmax.vjp(zeros, np.ones(70000, dtype)).any()


@rows_and_groups
def test_masked_entries_get_nothing_and_give_nothing(dtype: np.dtype[Any]) -> None:
    x, g = cube(dtype), cube(dtype, 1)
    masked = x.copy()
    masked[..., 1::2] = -INF
    for function in BOTH:
        for got, expected in (
            (function(masked), function(x[..., ::2])),
            (
                function.vjp(masked, np.where(np.isinf(masked), 0, g).astype(dtype)),
                function.vjp(x[..., ::2], g[..., ::2]),
            ),
        ):
            assert same_bits(got[..., ::2], expected)
    assert (actfn.softmax(masked)[..., 1::2] == 0).all()
    assert (actfn.log_softmax(masked)[..., 1::2] == -INF).all()
    assert (actfn.softmax.vjp(masked, g)[..., 1::2] == 0).all()
    assert same_bits(actfn.log_softmax.vjp(masked, g)[..., 1::2], g[..., 1::2])


@rows_and_groups
def test_infinities_share_as_equals(dtype: np.dtype[Any]) -> None:
    log_half = float(np.array(-np.log(2)).astype(dtype))
    for row, shares, logarithms in (
        ([-INF] * 4, [0.25] * 4, [2 * log_half] * 4),
        ([0.0, INF, 1.0, -INF], [0.0, 1.0, 0.0, 0.0], [-INF, 0.0, -INF, -INF]),
        ([INF, 5.0, INF, -INF], [0.5, 0.0, 0.5, 0.0], [log_half, -INF, log_half, -INF]),
        ([INF], [1.0], [0.0]),
        ([-INF], [1.0], [0.0]),
        ([INF] * 2, [0.5] * 2, [log_half] * 2),
    ):
        x = np.array(row, dtype)
        assert actfn.softmax(x).tolist() == shares
        assert actfn.log_softmax(x).tolist() == logarithms
        g = np.arange(1, len(row) + 1).astype(dtype)
        mean = np.dot(shares, g.astype(np.float64))
        assert actfn.softmax.vjp(x, g).tolist() == [s * (float(c) - mean) for s, c in zip(shares, g)]
        assert actfn.log_softmax.vjp(x, g).tolist() == [float(c) - s * float(sum(g)) for s, c in zip(shares, g)]


def test_no_size_of_input_overflows() -> None:
    largest = np.finfo(np.float64).max
    assert actfn.softmax(np.array([largest, largest, -largest])).tolist() == [0.5, 0.5, 0.0]
    assert actfn.log_softmax(np.array([largest, 0.0])).tolist() == [0.0, -largest]
    assert actfn.log_softmax(np.array([largest, -largest])).tolist() == [0.0, -INF]
    x = np.array([0.0, -40.0, -700.0, -744.0, -746.0])
    assert worst(actfn.softmax(x), softmax(x)) <= 2
    assert worst(actfn.log_softmax(x), log_softmax(x)) <= 2
    x = np.array([0.0, -40.0, -87.0, -103.0, -104.0], np.float32)
    assert worst(actfn.softmax(x), softmax(x)) <= 1
    assert worst(actfn.log_softmax(x), log_softmax(x)) <= 1
    # Nothing but the distance from the largest counts.
    assert same_bits(actfn.softmax(np.array([1e15, 1e15 - 3])), actfn.softmax(np.array([0.0, -3.0])))


@rows_and_groups
def test_nan_spoils_its_own_row_only(dtype: np.dtype[Any]) -> None:
    x, g = cube(dtype), cube(dtype, 1)
    for function in BOTH:
        for place in np.ndindex(x.shape):
            sick = x.copy()
            sick[place] = np.nan
            for result, healthy in ((function(sick), function(x)), (function.vjp(sick, g), function.vjp(x, g))):
                expected = healthy.copy()
                expected[place[:-1]] = np.nan
                assert same_bits(result, expected)
    assert np.isnan(actfn.softmax(np.array([INF, np.nan], dtype))).all()
    assert np.isnan(actfn.softmax(np.array([np.nan, -INF], dtype))).all()


@rows_and_groups
def test_empty_axes(dtype: np.dtype[Any]) -> None:
    for shape, axis in (((3, 0), -1), ((0, 4), 1), ((0, 4), 0), ((2, 0, 3), 1), ((0,), 0)):
        x = np.empty(shape, dtype)
        for function in BOTH:
            results = function(x, axis=axis), function.vjp(x, x, axis=axis)
            assert [(result.shape, result.dtype) for result in results] == [(shape, dtype)] * 2
            n = shape[axis]
            rest = tuple(side for i, side in enumerate(shape) if i != axis % len(shape))
            assert function.jacobian(x, axis=axis).shape == (*rest, n, n)


def test_memory_order_does_not_matter() -> None:
    base = np.random.default_rng(5).normal(size=(6, 8, 10))
    for x in (base[::2, ::-2, ::2], base.T, base.transpose(1, 0, 2), np.asfortranarray(base), base[:, ::-1]):
        for function in BOTH:
            for axis in range(3):
                copied = np.ascontiguousarray(x)
                assert same_bits(function(x, axis=axis), function(copied, axis=axis))
                assert same_bits(function.vjp(x, x, axis=axis), function.vjp(copied, copied, axis=axis))
                out = np.empty(x.shape)[:, ::-1]
                assert function(x, axis=axis, out=out) is out
                assert same_bits(out, function(x, axis=axis))
                inplace = copied.copy()
                assert same_bits(function(inplace, axis=axis, out=inplace), out)


@rows_and_groups
def test_a_product_may_overwrite_what_it_is_computed_from(dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(6)
    x, g = (rng.normal(size=(3, 1300)).astype(dtype) for _ in range(2))
    for function in BOTH:
        expected = function.vjp(x, g)
        for place in (0, 1):
            given = [x.copy(), g.copy()]
            assert same_bits(function.vjp(*given, out=given[place]), expected)


def test_integers_lists_and_scalars_as_cotangents() -> None:
    expected = actfn.softmax(np.array([0.0, 1.0, 1.0]))
    for dtype in "?bBhHiIqQ":
        assert same_bits(actfn.softmax(np.array([0, 1, 1], dtype)), expected)
        assert same_bits(actfn.softmax.jacobian(np.array([0, 1, 1], dtype)), actfn.softmax.jacobian([0.0, 1.0, 1.0]))
    assert same_bits(actfn.softmax([0, 1, 1]), expected)
    assert same_bits(actfn.log_softmax.vjp([0, 1], 2.0), actfn.log_softmax.vjp([0.0, 1.0], [2.0, 2.0]))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: actfn.softmax(1.0), ValueError, "softmax.*dimension"),
        (lambda: actfn.softmax(np.ones(3), axis=1), ValueError, r"softmax.*axis.*\(3,\).*1"),
        (lambda: actfn.softmax(np.ones(3), axis=None), ValueError, "softmax.*axis.*None"),
        (lambda: actfn.softmax(np.ones(3), where=True), TypeError, "softmax.*where.*-inf"),
        (lambda: actfn.softmax(np.ones(3), beta=1.0), TypeError, "softmax.*beta"),
        (lambda: actfn.softmax.vjp(np.ones((3, 4)), np.ones(3)), ValueError, "softmax"),
        (lambda: actfn.softmax.with_parameters(beta=1.0), TypeError, "softmax.*beta"),
        (lambda: actfn.maxout(np.ones(4)), TypeError, "maxout.*group_size"),
        (lambda: actfn.maxout(np.ones(4), group_size=3), ValueError, "maxout.*4.*3"),
        (lambda: actfn.maxout(np.ones(4), group_size=0), ValueError, "maxout.*group_size.*0"),
        (lambda: actfn.maxout(np.ones(4), group_size=-2), ValueError, "maxout.*group_size.*-2"),
        (lambda: actfn.maxout(np.ones(4), group_size=2.0), ValueError, "maxout.*group_size.*integer.*2.0"),
        (lambda: actfn.maxout(np.ones(4), group_size=2, axis=1), ValueError, r"maxout.*\(4,\).*1"),
        (lambda: actfn.maxout(1.0, group_size=1), ValueError, "maxout.*axis"),
        (lambda: actfn.maxout(np.ones(4), group_size=2, grouping="odd"), ValueError, "maxout.*grouping.*odd"),
        (lambda: actfn.maxout.vjp(np.ones(4), np.ones(3), group_size=2), ValueError, r"maxout.*\(2,\).*\(3,\)"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_maxout_groups() -> None:
    assert actfn.maxout([1, 2, 3, 4, 5, 6, 7, 8, 9], group_size=3).tolist() == [3.0, 6.0, 9.0]
    assert actfn.maxout([1, 2, 3, 4, 5, 6, 7, 8, 9], group_size=3, grouping="strided").tolist() == [7.0, 8.0, 9.0]
    assert actfn.maxout([4, 2, 3, 1], group_size=2, grouping="strided").tolist() == [4.0, 2.0]
    assert actfn.maxout([4, 2, 3, 1], group_size=1).tolist() == [4.0, 2.0, 3.0, 1.0]
    assert actfn.maxout.with_parameters(group_size=2, grouping="strided")([4, 2, 3, 1]).tolist() == [4.0, 2.0]
    assert actfn.maxout(np.empty((0, 4)), group_size=2).shape == (0, 2)
    assert actfn.maxout(np.empty((4, 0)), group_size=2).shape == (4, 0)


@rows_and_groups
@pytest.mark.parametrize("grouping", ["contiguous", "strided"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_maxout_is_a_maximum_and_its_gradient_goes_to_the_winner(
    axis: int, grouping: str, dtype: np.dtype[Any]
) -> None:
    x = np.random.default_rng(2).integers(-3, 4, (6, 12)).astype(dtype)[:, ::-1]
    rows = np.moveaxis(x, axis, -1)
    count = rows.shape[-1] // 3
    members = [[3 * k + i if grouping == "contiguous" else k + i * count for i in range(3)] for k in range(count)]
    g = np.random.default_rng(3).integers(1, 9, (len(rows), count)).astype(dtype)
    values, gradient = np.empty((len(rows), count), dtype), np.zeros(rows.shape, dtype)
    for r, k in np.ndindex(len(rows), count):
        group = [rows[r, i] for i in members[k]]
        values[r, k] = max(group)
        gradient[r, members[k][group.index(max(group))]] = g[r, k]
    options: dict[str, Any] = {"group_size": 3, "axis": axis, "grouping": grouping}
    assert same_bits(np.moveaxis(actfn.maxout(x, **options), axis, -1), values)
    assert same_bits(np.moveaxis(actfn.maxout.vjp(x, np.moveaxis(g, -1, axis), **options), axis, -1), gradient)


@rows_and_groups
def test_maxout_at_ties_nan_and_infinities(dtype: np.dtype[Any]) -> None:
    x = np.array([2, 2, np.nan, 5, 7, np.nan, -INF, -INF, INF, 1], dtype)
    g = np.array([1, 2, 3, 4, 5], dtype)
    assert same_bits(actfn.maxout(x, group_size=2), np.array([2, np.nan, np.nan, -INF, INF], dtype))
    expected = np.array([1, 0, np.nan, 0, 0, np.nan, 4, 0, 5, 0], dtype)
    assert same_bits(actfn.maxout.vjp(x, g, group_size=2), expected)
    out = np.empty(5, dtype)
    assert actfn.maxout(x, group_size=2, out=out) is out
    assert same_bits(out, actfn.maxout(x, group_size=2))


def test_labels_say_which_cotangent_belongs_to_which_entry() -> None:
    rng = np.random.default_rng(5)
    x = xarray.DataArray(rng.normal(size=(3, 4)), dims=("a", "b"))
    g = xarray.DataArray(rng.normal(size=(3, 4)), dims=("a", "b"))
    for function in (actfn.softmax, actfn.log_softmax):
        expected = function.vjp(x.values, g.values)
        assert np.array_equal(function.vjp(x, g.T).values, expected)
        assert function.vjp(x, g).dims == ("a", "b")
