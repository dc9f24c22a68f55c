"""The same input gives the same bits, wherever it lies in memory and whatever instruction set computes it."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided
from reference import EACH, EVERY, FLOATS, ROWS, Array, inputs_of, interpreter, one_nan, parameters_of, same_bits

import actfn
from actfn import catalogue, ufuncs

LENGTHS = range(1, 98)
AVAILABLE = actfn.info()["available"]


def call(name: str, inputs: tuple[Array, ...], **keywords: Any) -> tuple[Array, ...]:
    """Return the results of a ufunc as a tuple."""
    results = getattr(ufuncs, name)(*inputs, *parameters_of(name), **keywords)
    return results if isinstance(results, tuple) else (results,)


@functools.cache
def patterns(dtype: np.dtype[Any], count: int, seed: int) -> Array:
    """Return bit patterns: every one of a 16-bit type, half random and half near 0 of a longer one."""
    bits = np.dtype(f"u{dtype.itemsize}")
    if dtype.itemsize == 2:
        return np.random.default_rng(seed).permutation(2**16)[:count].astype(bits).view(dtype)
    rng = np.random.default_rng(seed)
    anything = rng.integers(0, np.iinfo(bits).max, count // 2, bits, endpoint=True).view(dtype)
    special = [0.0, -0.0, np.inf, -np.inf, 1.0, -1.0, 3.0, -3.0, 0.75, -0.75]
    middle = count - count // 2 - len(special)
    near = np.concatenate([special, rng.normal(size=middle) * rng.choice([1, 8, 90], middle)])
    return rng.permutation(np.concatenate([anything, near.astype(dtype)]))


def samples(name: str, dtype: np.dtype[Any], count: int) -> tuple[Array, ...]:
    """Return a sample for each input of a ufunc."""
    return tuple(patterns(dtype, count, seed) for seed in range(inputs_of(name)))


def row_samples(name: str, dtype: np.dtype[Any], count: int) -> tuple[Array, ...]:
    """Return numbers of a usual size for each input of a gufunc."""
    rngs = [np.random.default_rng(seed) for seed in range(getattr(ufuncs, name).nin)]
    return tuple((rng.normal(size=count) * rng.choice([1, 8, 40], count)).astype(dtype) for rng in rngs)


def one_by_one(name: str, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return the results of calls with one element each."""
    each = [call(name, tuple(array[i : i + 1] for array in inputs)) for i in range(len(inputs[0]))]
    return tuple(np.concatenate(column) for column in zip(*each))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", EACH)
def test_any_length_offset_and_stride(name: str, dtype: np.dtype[Any]) -> None:
    inputs = samples(name, dtype, 4 * 97 + 8)
    expected = tuple(map(one_nan, call(name, inputs)))
    assert all(map(same_bits, expected, one_by_one(name, inputs)))
    apart = tuple(np.repeat(array, 3) for array in inputs)
    for n in LENGTHS:
        start = n % 5
        for view in (
            slice(start, start + n),
            slice(start, start + 4 * n, 4),
            slice(start + n, start, -1),
            slice(start + 2 * n, start, -2),
        ):
            got = call(name, tuple(array[view] for array in inputs))
            assert all(same_bits(a, b[view]) for a, b in zip(got, expected)), (n, view)
        got = call(name, tuple(array[start * 3 : (start + n) * 3 : 3] for array in apart))
        assert all(same_bits(a, b[start : start + n]) for a, b in zip(got, expected)), n
        got = call(name, tuple(as_strided(array[n:], (n,), (0,)) for array in inputs))
        assert all(same_bits(a, np.repeat(b[n], n)) for a, b in zip(got, expected)), n


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", EACH)
def test_in_place_or_not(name: str, dtype: np.dtype[Any]) -> None:
    inputs = samples(name, dtype, 200)
    expected = call(name, inputs)
    for n in (*LENGTHS[::6], 97):
        for step in (1, -1, 2):
            for place in range(len(inputs)):
                copies = [np.array(array) for array in inputs]
                views = [copy[n * abs(step) - 1 :: step][:n] if step < 0 else copy[::step][:n] for copy in copies]
                wanted = [e[n * abs(step) - 1 :: step][:n] if step < 0 else e[::step][:n] for e in expected]
                out = (views[place], *(np.empty(n, dtype) for _ in expected[1:]))
                got = call(name, tuple(views), out=out)
                assert got[0] is views[place]
                assert all(map(same_bits, got, wanted)), (n, step, place)


@pytest.mark.parametrize("dtype", FLOATS[:2], ids=str)
@pytest.mark.parametrize("name", EACH)
def test_large_arrays_of_16_bits(name: str, dtype: np.dtype[Any]) -> None:
    inputs = samples(name, dtype, 2**16)
    parts = [call(name, tuple(array[start : start + 4096] for array in inputs)) for start in range(0, 2**16, 4096)]
    expected = tuple(map(np.concatenate, zip(*parts)))
    assert all(map(same_bits, call(name, inputs), expected))
    for place in range(len(inputs)):
        copies = [np.array(array) for array in inputs]
        got = call(name, tuple(copies), out=(copies[place], *(np.empty(2**16, dtype) for _ in expected[1:])))
        assert all(map(same_bits, got, expected))
    got = call(name, tuple(array[::-2] for array in inputs))
    assert all(same_bits(a, b[::-2]) for a, b in zip(got, expected))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", [name for name in EACH if parameters_of(name)])
def test_a_parameter_or_an_array_of_it(name: str, dtype: np.dtype[Any]) -> None:
    inputs = samples(name, dtype, 700)
    expected = call(name, inputs)
    arrays = [np.full(700, value) for value in parameters_of(name)]
    assert same_bits(getattr(ufuncs, name)(*inputs, *arrays), expected[0] if len(expected) == 1 else expected)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", ROWS)
def test_a_row_in_any_place(name: str, dtype: np.dtype[Any]) -> None:
    function = getattr(ufuncs, name)
    whole = row_samples(name, dtype, 3 * 97)
    for n in LENGTHS:
        rows = tuple(array[: 3 * n].reshape(3, n) for array in whole)
        expected = function(*rows)
        assert same_bits(function(*(array[1].copy() for array in rows)), expected[1])
        spread = tuple(np.repeat(np.repeat(array, 2, 0), 3, 1)[::2, ::3] for array in rows)
        assert same_bits(function(*spread), expected)
        backwards = tuple(np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1] for array in rows)
        assert same_bits(function(*backwards), expected)
        turned = tuple(np.ascontiguousarray(array.T) for array in rows)
        assert same_bits(function(*turned, axis=0), expected.T)
        copies = [array.copy() for array in rows]
        assert same_bits(function(*copies, out=copies[-1]), expected)


# Functions that have compiled loops, but no ufunc of their own.
IN_FLOAT32 = ("logsumexp", *(found.name for found in catalogue.declarations() if found.kind == "gated"))


def in_float32(name: str) -> list[Array]:
    """Return the value and the product of such a function over a wide sample."""
    function = actfn.get(name)
    if name == "logsumexp":
        x = row_samples("softmax", np.dtype(np.float32), 97 * 300)[0].reshape(-1, 97)
        return [function(x), function.vjp(x, x[:, 0])]
    given = {
        parameter.name: parameter.example for parameter in function.parameters.values() if parameter.default is None
    }
    gate, up, g = (patterns(np.dtype(np.float32), 24000, seed) for seed in range(3))
    with np.errstate(all="ignore"):
        return [function(gate, up, **given), *function.vjp(gate, up, g, **given)]


def compute_all(path: str) -> None:
    """Print a hash of the results of every ufunc over a wide sample, and save a thin sample of them."""
    hashes, thin = {}, {}
    for name in EVERY:
        for dtype in FLOATS:
            if name in ROWS:
                rows = (array.reshape(-1, 97) for array in row_samples(name, dtype, 97 * 300))
                results: tuple[Array, ...] = (getattr(ufuncs, name)(*rows),)
            else:
                results = call(name, samples(name, dtype, 2**16 if dtype.itemsize == 2 else 24000))
            clean = [one_nan(result).ravel() for result in results]
            hashes[f"{name} {dtype}"] = hashlib.sha256(b"".join(part.tobytes() for part in clean)).hexdigest()
            thin[f"{name} {dtype}"] = np.concatenate([part[::31].astype(np.float64) for part in clean])
    for name in IN_FLOAT32:
        clean = [one_nan(result).ravel() for result in in_float32(name)]
        hashes[f"{name} float32"] = hashlib.sha256(b"".join(part.tobytes() for part in clean)).hexdigest()
    np.savez(path, **thin)
    print(json.dumps({"instruction_set": actfn.info()["instruction_set"], "hashes": hashes}))


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, str], dict[str, Array]]]:
    """Return hashes and thin samples from every instruction set of this machine."""
    folder: Path = tmp_path_factory.mktemp("bits")
    found = {}
    for name in AVAILABLE:
        path = folder / f"{name}.npz"
        said = json.loads(interpreter(f"import test_bits; test_bits.compute_all({str(path)!r})", ACTFN_ISA=name))
        assert said["instruction_set"] == name
        with np.load(path) as arrays:
            found[name] = (said["hashes"], dict(arrays))
    return found


@pytest.mark.skipif("avx512" not in AVAILABLE, reason="this machine has no AVX-512")
def test_avx2_and_avx512_agree_in_every_bit(computed: dict[str, Any]) -> None:
    avx2, avx512 = computed["avx2"][0], computed["avx512"][0]
    assert len(avx2) == len(EVERY) * len(FLOATS) + len(IN_FLOAT32)
    assert {key for key in avx2 if avx2[key] != avx512[key]} == set()


@pytest.mark.skipif("avx2" not in AVAILABLE, reason="this machine has no AVX2")
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_base_is_a_few_ulp_away(dtype: np.dtype[Any], computed: dict[str, Any]) -> None:
    assert "base" in AVAILABLE
    for name in EVERY:
        base, avx2 = (computed[which][1][f"{name} {dtype}"] for which in ("base", "avx2"))
        assert (np.isnan(base) == np.isnan(avx2)).all(), name
        # Without fused multiply-add float64 pairs lose some of their bits, and float32 does without its tuned kernels.
        assert steps_apart(base, avx2, dtype) <= {2: 1, 4: 4, 8: 4}[dtype.itemsize], name


def steps_apart(a: Array, b: Array, dtype: np.dtype[Any]) -> int:
    """Return how many steps from one float of a type to the next lie between two arrays at most, NaN aside."""
    known = ~np.isnan(a)
    signed = [x[known].astype(dtype).view(f"i{dtype.itemsize}").astype(np.longdouble) for x in (a, b)]
    # A negative float's bits count down from the lowest integer, which stands for -0.
    lowest = np.ldexp(np.longdouble(-1), 8 * dtype.itemsize - 1)
    ranks = [np.where(bits < 0, lowest - bits, bits) for bits in signed]
    return int(np.max(np.abs(ranks[0] - ranks[1]), initial=0))


def test_an_instruction_set_that_is_not_there_is_an_error() -> None:
    message = interpreter(
        "try: import actfn\nexcept ImportError as error: print(error)\nelse: print('imported')", ACTFN_ISA="sse9"
    )
    assert "sse9" in message
    assert all(name in message for name in AVAILABLE)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_nan_has_the_same_bits_too(dtype: np.dtype[Any]) -> None:
    differing = []
    for name in EACH:
        inputs = samples(name, dtype, 512)
        if any(a.tobytes() != b.tobytes() for a, b in zip(call(name, inputs), one_by_one(name, inputs))):
            differing.append(name)
    assert differing == []
