"""Any shape, layout, dtype, mask and overlap gives what a plain NumPy evaluation gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes
from reference import (
    BFLOAT16,
    DEFAULTS,
    ELEMENTWISE,
    FLOATS,
    INTEGERS,
    PARAMETERS,
    Array,
    evaluate,
    long,
    numbers,
    same_bits,
    worst,
)

import actfn

# The largest distance in ULP from the exact value; the narrow types are rounded once.
BOUND = {np.dtype(np.float16): 0.501, BFLOAT16: 0.501, np.dtype(np.float32): 4.0, np.dtype(np.float64): 2.0}

# Numbers with few bits, whose products stay away from the roots of derivatives.
FEW_BITS: dict[str, tuple[float, ...]] = {
    "negative_slope": (0.0, 0.25, 1.0, -0.5, 3.0),
    "alpha": (0.0, 0.25, 1.0, 1.5),
    "beta": (0.25, 0.5, 1.0, 2.0),
    "slope": (0.25, 0.5, 0.375),
    "offset": (0.0, -0.5, 0.75),
}

repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=400)
names = st.sampled_from(ELEMENTWISE)
orders = st.sampled_from((0, 1, 2))
seeds = st.integers(0, 2**32 - 1)
# Short sides in many dimensions, and rows longer than the blocks in which the loops work.
shapes = st.one_of(
    st.just(()),
    array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4),
    st.tuples(st.sampled_from((1, 31, 511, 512, 513, 1025))),
)


def parameters_of(
    name: str, rng: np.random.Generator, shape: tuple[int, ...], dtype: Any = np.float64
) -> dict[str, Any]:
    """Return arrays of parameters, one number for an empty shape."""
    return {key: rng.choice(FEW_BITS[key], shape).astype(dtype)[()] for key in PARAMETERS.get(name, {})}


@st.composite
def laid_out(draw: Any, shape: tuple[int, ...], dtype: np.dtype[Any], seed: int) -> Array:
    """Draw an array with gaps, reversed, permuted or repeated axes, perhaps unaligned or in the other byte order."""
    steps = [draw(st.sampled_from((1, 1, 2, 3, -1, -2, 0))) for _ in shape]
    order = draw(st.permutations(range(len(shape))))
    shift = draw(st.sampled_from((0, 0, 1)))
    if dtype != BFLOAT16 and draw(st.integers(0, 4)) == 0:
        dtype = dtype.newbyteorder()
    sides = [1 if step == 0 else side * abs(step) for side, step in zip(shape, steps)]
    count = math.prod(sides)
    memory = np.ndarray((count,), dtype, bytearray(count * dtype.itemsize + shift), offset=shift)
    memory[...] = numbers(np.random.default_rng(seed), (count,), dtype.newbyteorder("="))
    base = memory.reshape([sides[axis] for axis in order]).transpose(np.argsort(order))
    view = base[(*(slice(None, None, step or None) for step in steps), ...)]
    return np.broadcast_to(view, shape) if 0 in steps else view


@st.composite
def inputs(draw: Any, dtypes: tuple[np.dtype[Any], ...] = FLOATS) -> Array:
    return draw(laid_out(draw(shapes), draw(st.sampled_from(dtypes)), draw(seeds)))


def plain(x: Array) -> Array:
    """Return a contiguous copy in native byte order."""
    return np.array(x, x.dtype.newbyteorder("="), order="C")


@repeatable
@given(name=names, order=orders, x=inputs())
def test_every_shape_and_layout(name: str, order: int, x: Array) -> None:
    before = plain(x)
    got = actfn.get(name).derivative(x, order=order, **DEFAULTS[name])
    assert got.dtype == before.dtype
    assert worst(got, evaluate(name, order, before, *DEFAULTS[name].values())) <= BOUND[before.dtype]
    assert same_bits(plain(x), before)


@repeatable
@given(name=names, x=inputs(), data=st.data(), seed=seeds)
def test_vjp_broadcasts_its_cotangent(name: str, x: Array, data: st.DataObject, seed: int) -> None:
    dropped = data.draw(st.integers(0, x.ndim))
    shape = tuple(data.draw(st.sampled_from((1, side))) for side in x.shape[dropped:])
    g = data.draw(laid_out(shape, plain(x).dtype, seed))
    function = actfn.get(name)
    got = function.vjp(x, g, **DEFAULTS[name])
    assert got.dtype == plain(x).dtype
    with np.errstate(all="ignore"):
        # In float64 the derivative is rounded before the product is, so that a subnormal one has lost digits.
        wide = got.dtype == np.float64
        first = (
            long(function.derivative(plain(x), **DEFAULTS[name]))
            if wide
            else evaluate(name, 1, plain(x), *DEFAULTS[name].values())
        )
        expected = first * long(g)
    assert worst(got, expected) <= (0.501 if wide else BOUND[got.dtype])


@repeatable
@given(
    name=st.sampled_from(tuple(PARAMETERS)),
    which=st.sampled_from(("value", "first", "second", "vjp", "partial")),
    together=mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4, min_side=0),
    dtype=st.sampled_from(FLOATS),
    parameter_dtype=st.sampled_from((*FLOATS, np.dtype(np.float64))),
    seed=seeds,
)
def test_parameters_broadcast(
    name: str, which: str, together: Any, dtype: np.dtype[Any], parameter_dtype: np.dtype[Any], seed: int
) -> None:
    shape, parameter_shape = together.input_shapes
    rng = np.random.default_rng(seed)
    x = numbers(rng, shape, dtype)
    parameters = parameters_of(name, rng, parameter_shape, parameter_dtype)
    if name == "swish":
        parameters["beta"] = parameters["beta"] * rng.choice([-1, 1], parameter_shape).astype(parameter_dtype)
    function, given_parameters = actfn.get(name), list(parameters.values())
    match which:
        case "vjp":
            got = function.vjp(x, x.dtype.type(0.5), **parameters)
            expected = evaluate(name, 1, x, *given_parameters) / 2
        case "partial":
            got = getattr(actfn.ufuncs, f"{name}_d_{[*parameters][-1]}")(x, *given_parameters)
            expected = evaluate(name, 2 + len(parameters), x, *given_parameters)
        case _:
            order = ("value", "first", "second").index(which)
            got = function.derivative(x, order=order, **parameters)
            expected = evaluate(name, order, x, *given_parameters)
    assert got.shape == together.result_shape
    assert got.dtype == dtype
    assert worst(got, expected) <= BOUND[dtype]


@repeatable
@given(name=names, order=orders, x=inputs(), data=st.data(), seed=seeds)
def test_where_leaves_the_rest_alone(name: str, order: int, x: Array, data: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random(tuple(data.draw(st.sampled_from((1, side))) for side in x.shape)) < 0.5
    function = actfn.get(name)
    out = data.draw(laid_out(x.shape, plain(x).dtype, seed))
    # A result cannot be written to one place twice.
    out = out if out.flags.writeable else out.copy()
    before = plain(out)
    full = function.derivative(plain(x), order=order, **DEFAULTS[name])
    returned = function.derivative(x, order=order, out=out, where=mask, **DEFAULTS[name])
    assert returned is out
    assert same_bits(plain(out), np.where(mask, full, before))


@repeatable
@given(
    name=names,
    dtype=st.sampled_from(FLOATS),
    size=st.sampled_from((1, 2, 15, 64, 513, 1100)),
    shift=st.integers(-9, 9),
    steps=st.tuples(*[st.sampled_from((1, 2, -1, -3))] * 2),
    seed=seeds,
)
def test_out_may_overlap_the_input(
    name: str, dtype: np.dtype[Any], size: int, shift: int, steps: tuple[int, int], seed: int
) -> None:
    memory = numbers(np.random.default_rng(seed), (3 * size + 20,), dtype)
    x = memory[10 : 10 + size * abs(steps[0])][:: steps[0]]
    out = memory[10 + shift : 10 + shift + size * abs(steps[1])][:: steps[1]]
    function, parameters = actfn.get(name), DEFAULTS[name]
    expected = function(x.copy(), **parameters)
    untouched = np.ones(memory.shape, bool)
    untouched[10 + shift : 10 + shift + size * abs(steps[1])][:: steps[1]] = False
    before = memory.copy()
    function(x, out=out, **parameters)
    assert same_bits(out.copy(), expected)
    assert same_bits(memory[untouched], before[untouched])


@repeatable
@given(name=names, order=orders, x=inputs(INTEGERS), seed=seeds)
def test_integers_and_bool_are_float64(name: str, order: int, x: Array, seed: int) -> None:
    parameters = parameters_of(name, np.random.default_rng(seed), ())
    got = actfn.get(name).derivative(x, order=order, **parameters)
    assert got.dtype == np.float64
    assert worst(got, evaluate(name, order, plain(x).astype(np.float64), *parameters.values())) <= BOUND[got.dtype]


@repeatable
@given(name=names, x=inputs(), seed=seeds)
def test_value_and_derivative_are_the_two(name: str, x: Array, seed: int) -> None:
    function, parameters = actfn.get(name), parameters_of(name, np.random.default_rng(seed), ())
    value, first = function.value_and_derivative(x, **parameters)
    assert same_bits(value, function(x, **parameters))
    assert same_bits(first, function.derivative(x, **parameters))
    assert same_bits(first, function.gradient(x, **parameters))


@repeatable
@given(x=inputs(), data=st.data())
def test_rows_of_every_shape_and_layout(x: Array, data: st.DataObject) -> None:
    if x.ndim == 0:
        with pytest.raises(ValueError, match="at least one dimension"):
            actfn.softmax(x)
        return
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    finite = np.where(np.isnan(plain(x)), 0, plain(x)).astype(plain(x).dtype)
    lowered = long(finite) - np.max(long(finite), axis=axis, keepdims=True, initial=-np.inf)
    total = np.sum(np.exp(lowered), axis=axis, keepdims=True)
    got = actfn.softmax(finite, axis=axis), actfn.log_softmax(finite, axis=axis)
    # An empty row has no total.
    logarithm = np.log(np.where(total > 0, total, 1))
    for result, expected in zip(got, (np.exp(lowered) / total, lowered - logarithm)):
        assert result.dtype == finite.dtype
        # A logarithm near 0 is a difference here, and there only the leading digits of the expected value are known.
        known = np.abs(expected) > 1e-3 if result is got[1] else np.ones(expected.shape, bool)
        assert worst(result[known], expected[known]) <= BOUND[finite.dtype]
    for function in (actfn.softmax, actfn.log_softmax):
        assert same_bits(function(x, axis=axis), function(plain(x), axis=axis))
