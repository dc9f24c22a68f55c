"""The functions are real ufuncs: they do all that NumPy, dask and xarray do with a ufunc."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import dask
import dask.array
import numpy as np
import pytest
import xarray
from reference import DEFAULTS, ELEMENTWISE, EVERY, FLOATS, PARAMETERS, ROWS, interpreter, numbers, same_bits

import actfn
from actfn import _core, ufuncs

TWO_INPUTS = tuple(
    name for name in EVERY if (u := getattr(ufuncs, name)).nin == 2 and u.nout == 1 and u.signature is None
)
GRID = np.linspace(-6, 6, 60).reshape(3, 4, 5)


def test_every_function_has_its_ufuncs() -> None:
    wanted = {f"{name}{suffix}" for name in ELEMENTWISE for suffix in ("", "_d1", "_d2", "_vjp", "_value_d1")}
    wanted |= {
        f"{name}{middle}_{key}" for name, keys in PARAMETERS.items() for key in keys for middle in ("_d", "_vjp")
    }
    wanted |= {*ROWS}
    assert wanted <= {*EVERY}
    for name in EVERY:
        ufunc = getattr(ufuncs, name)
        assert type(ufunc) is np.ufunc
        assert ufunc.__name__ == name
    assert [getattr(ufuncs, name).signature for name in ROWS] == ["(n)->(n)", "(n),(n)->(n)"] * 2
    with pytest.raises(AttributeError, match="mish"):
        ufuncs.mihs  # noqa: B018


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_out_where_and_dtype(name: str) -> None:
    function, parameters = actfn.get(name), DEFAULTS[name]
    x = numbers(np.random.default_rng(1), (40,), np.dtype(np.float64))
    out, mask = np.full(40, 7.0), np.arange(40) % 3 == 0
    assert function(x, out=out, **parameters) is out
    assert same_bits(out, function(x, **parameters))
    kept = np.full(40, 7.0)
    function.derivative(x, order=2, out=(kept,), where=mask, **parameters)
    assert same_bits(kept, np.where(mask, function.derivative(x, order=2, **parameters), 7.0))
    small = np.clip(np.nan_to_num(x), -9, 9)
    narrow = np.empty(40, np.float32)
    assert same_bits(function(small, out=narrow, **parameters), function(small, **parameters).astype(np.float32))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_dtype_converts_the_input_and_no_parameter(name: str) -> None:
    function, x = actfn.get(name), np.linspace(-9, 9, 700)
    for dtype in (np.float16, np.float32):
        got = function(x, dtype=dtype, **DEFAULTS[name])
        assert same_bits(got, function(x.astype(dtype), **DEFAULTS[name]))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", TWO_INPUTS)
def test_reduce_and_accumulate_go_step_by_step(name: str, dtype: np.dtype[Any]) -> None:
    ufunc = getattr(ufuncs, name)
    for n in (1, 2, 17, 700):
        x = np.random.default_rng(n).normal(size=n).astype(dtype)
        steps = [x[0]]
        for element in x[1:]:
            steps.append(ufunc(steps[-1], element))
        expected = np.array(steps, dtype)
        assert same_bits(ufunc.accumulate(x), expected)
        assert same_bits(ufunc.reduce(x), expected[-1])
        backwards = ufunc.accumulate(np.array([x, x]).T[:, ::-1], axis=0)
        assert same_bits(backwards[:, 0].copy(), expected)
    assert same_bits(ufunc.outer(x[:3], x[:2]), ufunc(x[:3, None], x[None, :2]))


@pytest.mark.parametrize("name", ["relu", "swish", "softmax"])
def test_a_wrong_out_or_dtype_is_refused(name: str) -> None:
    function = actfn.get(name)
    for bad in ({"out": np.empty(40, int)}, {"dtype": np.complex128}, {"out": "x"}, {"casting": "no such"}):
        with pytest.raises((TypeError, ValueError), match=name) as caught:
            function(np.ones(40), **bad)
        assert "__init__" not in str(caught.value)
    with pytest.raises(ValueError, match=name):
        function(np.ones(40), out=np.empty(39))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_at_applies_repeated_places_again(dtype: np.dtype[Any]) -> None:
    x = np.array([-2.0, -0.5, 1.5, 3.0], dtype)
    once = x.copy()
    ufuncs.mish.at(once, [0, 2, 2])
    assert same_bits(once, np.array([actfn.mish(x[0]), x[1], actfn.mish(actfn.mish(x[2])), x[3]], dtype))
    sloped = x.copy()
    ufuncs.prelu.at(sloped, [0, 0, 3], np.array(0.5, dtype))
    assert same_bits(sloped, np.array([-0.5, -0.5, 1.5, 3.0], dtype))


def test_everything_pickles_and_copies() -> None:
    for name in EVERY:
        assert pickle.loads(pickle.dumps(getattr(ufuncs, name))) is getattr(ufuncs, name)
    shown = [actfn.get(name) for name in actfn.names()]
    shown += [actfn.swish.with_parameters(beta=2.0), actfn.prelu.with_parameters(alpha=np.array([0.5, 0.25]))]
    for function in shown:
        for twin in (pickle.loads(pickle.dumps(function)), copy.copy(function), copy.deepcopy(function)):
            assert twin == function
            assert hash(twin) == hash(function)
    twin = pickle.loads(pickle.dumps(shown[-1]))
    assert same_bits(twin(np.array([-2.0, -4.0])), np.array([-1.0, -1.0]))


def test_a_ufunc_pickles_in_a_process_that_only_imported_actfn() -> None:
    code = "import actfn, pickle, dask.array as da\nprint(len(pickle.dumps(actfn.mish(da.ones(4, chunks=2)))))"
    assert int(interpreter(code)) > 0


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_dask_stays_lazy_and_right(name: str) -> None:
    function, parameters = actfn.get(name), DEFAULTS[name]
    x = dask.array.from_array(GRID, chunks=(2, 4, 3))
    value, first = function.value_and_derivative(x, **parameters)
    lazy = [function(x, **parameters), function.derivative(x, order=2, **parameters), value, first]
    lazy.append(function.vjp(x, x, **parameters))
    expected = [function(GRID, **parameters), function.derivative(GRID, order=2, **parameters)]
    expected += [function(GRID, **parameters), function.derivative(GRID, **parameters)]
    expected.append(function.vjp(GRID, GRID, **parameters))
    if parameters:
        for key, gradient in function.parameter_vjp(x, x, **parameters).items():
            assert isinstance(gradient, dask.array.Array)
            whole = function.parameter_vjp(GRID, GRID, **parameters)[key]
            assert float(gradient.compute()) == pytest.approx(float(whole), rel=1e-13)
    assert all(isinstance(array, dask.array.Array) for array in lazy)
    assert all(map(same_bits, dask.compute(*lazy, scheduler="threads"), expected))


def test_dask_rows_stay_lazy_and_right() -> None:
    x = dask.array.from_array(GRID, chunks=(2, 4, 5))
    for function in (actfn.softmax, actfn.log_softmax):
        for lazy, expected in ((function(x), function(GRID)), (function.vjp(x, x), function.vjp(GRID, GRID))):
            assert isinstance(lazy, dask.array.Array)
            assert same_bits(lazy.compute(), expected)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_xarray_keeps_labels(name: str) -> None:
    function, parameters = actfn.get(name), DEFAULTS[name]
    x = xarray.DataArray(GRID[0], dims=("a", "b"), coords={"a": [1, 2, 3, 4]}, name="layer")
    results = [function(x, **parameters), function.gradient(x, **parameters), function.vjp(x, x, **parameters)]
    results += function.value_and_derivative(x, **parameters)
    expected = [function(GRID[0], **parameters), function.gradient(GRID[0], **parameters)]
    expected += [function.vjp(GRID[0], GRID[0], **parameters), *function.value_and_derivative(GRID[0], **parameters)]
    for got, values in zip(results, expected, strict=True):
        assert isinstance(got, xarray.DataArray)
        assert got.dims == ("a", "b")
        assert got.coords["a"].values.tolist() == [1, 2, 3, 4]
        assert same_bits(got.values, values)


def test_parameters_may_be_labelled() -> None:
    x = xarray.DataArray(GRID[0], dims=("a", "b"))
    beta = xarray.DataArray([1.0, 2.0, 0.5, 3.0], dims="a")
    assert same_bits(actfn.swish(x, beta=beta).values, actfn.swish(GRID[0], beta=beta.values[:, None]))


def test_parameter_vjp_takes_labelled_arrays() -> None:
    x = xarray.DataArray(GRID[0], dims=("a", "b"))
    gradient = actfn.swish.parameter_vjp(x, x, beta=2.0)["beta"]
    assert float(gradient) == float(actfn.swish.parameter_vjp(GRID[0], GRID[0], beta=2.0)["beta"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loop_runs_on_addresses_of_contiguous_memory(dtype: str) -> None:
    x = np.linspace(-5, 5, 6000, dtype=dtype).reshape(60, 100)
    y, precise = np.empty_like(x), dtype == "float64"
    _core.run(actfn.ufuncs.leaky_relu, precise, x.size, 1, x.ctypes.data, 0.3, y.ctypes.data)
    np.testing.assert_array_equal(y, actfn.ufuncs.leaky_relu(x, 0.3))
    _core.run(actfn.ufuncs.softmax_vjp, precise, 60, 100, x.ctypes.data, x.ctypes.data, y.ctypes.data)
    np.testing.assert_array_equal(y, actfn.ufuncs.softmax_vjp(x, x))
    for operands in ((), (x.ctypes.data,), ("x", 0.3, "y")):
        with pytest.raises(TypeError, match="leaky_relu takes 3 operands|integer"):
            _core.run(actfn.ufuncs.leaky_relu, precise, x.size, 1, *operands)
    with pytest.raises(TypeError, match="takes a ufunc"):
        _core.run(len, precise, 1, 1)
