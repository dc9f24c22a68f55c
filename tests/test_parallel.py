"""Threads: the same bits for any number of them, forks and pools survive, and none is started before a large call."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from reference import same_bits

import actfn
from actfn import ufuncs

LARGE = 700_001
Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = actfn.get_num_threads()
    actfn.set_num_threads(4)
    yield
    actfn.set_num_threads(before)


@pytest.fixture(scope="module")
def x() -> Array:
    return np.random.default_rng(0).normal(size=LARGE).astype(np.float32) * 20


def script(text: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_bits_do_not_depend_on_the_number_of_threads(x: Array, dtype: Any) -> None:
    x = x.astype(dtype)
    one, two = ufuncs.mish(x), ufuncs.mish_value_d1(x)
    for number in (1, 2, 3, 5):
        actfn.set_num_threads(number)
        assert same_bits(actfn.mish(x), one)
        for got, expected in zip(actfn.mish.value_and_derivative(x), two):
            assert same_bits(got, expected)
        assert same_bits(actfn.mish.vjp(x, x), ufuncs.mish_vjp(x, x))


def test_memory_orders_strides_and_outputs(x: Array) -> None:
    square = x[: 800 * 800].reshape(800, 800)
    expected = ufuncs.gelu(square)
    for given in (square, np.asfortranarray(square), np.repeat(square, 2, axis=1)[:, ::2], square[::-1][::-1]):
        got = actfn.gelu(given)
        assert same_bits(got, expected)
        assert got.flags.f_contiguous == ufuncs.gelu(given).flags.f_contiguous
    out = np.empty_like(square)
    assert actfn.gelu(square, out=out) is out
    assert same_bits(out, expected)
    inside = square.copy()
    assert actfn.gelu(inside, out=inside) is inside
    assert same_bits(inside, expected)
    turned = np.empty_like(square, order="F")
    actfn.gelu(square, out=turned)
    assert same_bits(turned, expected)


def test_an_output_that_overlaps_its_input_is_right(x: Array) -> None:
    shifted = x.copy()
    expected = ufuncs.silu(shifted[:-1])
    actfn.silu(shifted[:-1], out=shifted[1:])
    assert same_bits(shifted[1:], expected)


def test_what_cannot_be_split_is_as_before(x: Array) -> None:
    assert same_bits(actfn.elu(x, alpha=0.5), ufuncs.elu(x, np.float64(0.5)))
    alphas = np.linspace(0, 1, x.size)
    assert same_bits(actfn.prelu(x, alpha=alphas), ufuncs.prelu(x, alphas))
    assert same_bits(actfn.relu.vjp(x, x.astype(np.float64)), ufuncs.relu_vjp(x, x.astype(np.float64)))
    assert same_bits(actfn.tanh(np.arange(LARGE)), ufuncs.tanh(np.arange(LARGE)))
    where = x > 0
    got = actfn.tanh(x, where=where, out=np.zeros_like(x))
    assert same_bits(got[where], ufuncs.tanh(x)[where])
    with pytest.raises(TypeError, match="complex"):
        actfn.tanh(x.astype(complex))


@pytest.mark.parametrize("shape", [(4000, 160), (160, 4000), (3, 500, 500), (1, 600_000)])
def test_rows_along_every_axis(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    for axis in range(-len(shape), len(shape)):
        assert same_bits(actfn.softmax(x, axis=axis), ufuncs.softmax(x, axis=axis))
        assert same_bits(actfn.softmax.vjp(x, x, axis=axis), ufuncs.softmax_vjp(x, x, axis=axis))
    inside = x.copy()
    actfn.log_softmax(inside, out=inside)
    assert same_bits(inside, ufuncs.log_softmax(x))


def test_calls_from_many_threads(x: Array) -> None:
    expected = ufuncs.sigmoid(x)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(actfn.sigmoid, [x] * 24):
            assert same_bits(got, expected)


def test_no_thread_before_the_first_large_call() -> None:
    said = script(
        "import threading, numpy as np, actfn\n"
        "actfn.mish(np.ones(1000)); before = threading.active_count()\n"
        "actfn.mish(np.ones(2**20)); print(before, threading.active_count() > 1)",
        ACTFN_NUM_THREADS="3",
    )
    assert said == "1 True"


def test_one_thread_by_the_environment() -> None:
    said = script(
        "import threading, numpy as np, actfn\n"
        "actfn.mish(np.ones(2**21)); print(threading.active_count(), actfn.info()['threads'])",
        ACTFN_NUM_THREADS="1",
    )
    assert said == "1 1"


@pytest.mark.parametrize("given", ["0", "many", "-2", "1.5"])
def test_a_wrong_number_in_the_environment(given: str) -> None:
    said = script(
        "import actfn\ntry:\n    actfn.get_num_threads()\nexcept ValueError as error:\n    print(error)",
        ACTFN_NUM_THREADS=given,
    )
    assert said == f"ACTFN_NUM_THREADS is set to {given!r}; it is a number of threads from 1"


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "2"])
def test_a_wrong_number(given: Any) -> None:
    with pytest.raises(ValueError, match="the number of threads is an integer from 1, got"):
        actfn.set_num_threads(given)


def test_a_fork_in_the_middle() -> None:
    said = script(
        "import os, warnings, numpy as np, actfn\n"
        "warnings.simplefilter('ignore')\n"
        "x = np.linspace(-9, 9, 2**20); expected = actfn.mish(x)\n"
        "child = os.fork()\n"
        "ok = np.array_equal(actfn.mish(x), expected)\n"
        "if child == 0: os._exit(0 if ok else 1)\n"
        "print(ok, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))",
        ACTFN_NUM_THREADS="3",
    )
    assert said == "True 0"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_started_in_both_ways(method: str, tmp_path: Any) -> None:
    (tmp_path / "program.py").write_text(
        "import multiprocessing, warnings, numpy as np, actfn\n"
        "def work(seed): return float(actfn.mish(np.linspace(-9, 9 + seed, 2**20)).sum())\n"
        "if __name__ == '__main__':\n"
        "    warnings.simplefilter('ignore')\n"
        "    here = [work(seed) for seed in range(4)]\n"
        f"    with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
        "        print(pool.map(work, range(4)) == here)\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")],
        env={**os.environ, "ACTFN_NUM_THREADS": "3"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "True", done.stderr


def test_raw_ufuncs_start_no_thread(x: Array) -> None:
    before = threading.active_count()
    actfn.set_num_threads(6)
    ufuncs.mish(x)
    assert threading.active_count() <= before
