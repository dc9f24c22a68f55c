"""Nothing leaks, threads do not disturb one another, and importing costs next to nothing."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from reference import EACH, EVERY, FLOATS, Array, inputs_of, interpreter, parameters_of, same_bits

import actfn
from actfn import ufuncs

# A hundred thousand calls of every kind, good and bad, after a warm-up; how much memory they leave behind.
LEAKS = """
import gc, json, resource, sys, tracemalloc
import numpy as np
import actfn

x = np.linspace(-4, 4, 24, dtype=np.float32).reshape(4, 6)
out, mask, slopes = np.empty_like(x), x > 0, np.full(6, 0.25)
bad = np.ones(2, complex)

def refused(call):
    try:
        call()
    except (TypeError, ValueError):
        return
    raise AssertionError("not refused")

calls = [
    lambda: actfn.mish(x),
    lambda: actfn.gelu(1.5),
    lambda: actfn.sigmoid([1, 2, 3]),
    lambda: actfn.tanh(x, out=out, where=mask),
    lambda: actfn.swish.derivative(x, order=2, beta=1.5),
    lambda: actfn.prelu(x, alpha=slopes),
    lambda: actfn.prelu.parameter_vjp(x, x, alpha=slopes),
    lambda: actfn.selu.value_and_derivative(x.T[::-1]),
    lambda: actfn.elu.with_parameters(alpha=0.5).vjp(x, x),
    lambda: actfn.softmax(x, axis=0),
    lambda: actfn.log_softmax.vjp(x, x),
    lambda: actfn.softmax.jacobian(x[0]),
    lambda: actfn.maxout.vjp(x, x[:, ::2], group_size=2),
    lambda: actfn.get("SiLU")(x),
    lambda: refused(lambda: actfn.mish(bad)),
    lambda: refused(lambda: actfn.softplus(x, beta=-1)),
    lambda: refused(lambda: actfn.get("no such")),
    lambda: refused(lambda: actfn.softmax(x, axis=7)),
    lambda: actfn.ufuncs.prelu.accumulate(slopes),
    lambda: actfn.info(),
]

def run(count):
    for _ in range(count // len(calls)):
        for call in calls:
            call()
    gc.collect()

def resident():
    try:
        with open("/proc/self/statm") as pages:
            return int(pages.read().split()[1]) * resource.getpagesize()
    except FileNotFoundError:
        # Elsewhere there is the highest mark only, in bytes on macOS.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

run(4000)
before = resident(), sys.getallocatedblocks()
run(100_000)
after = resident(), sys.getallocatedblocks()
tracemalloc.start()
run(20_000)
traced = tracemalloc.get_traced_memory()[0]
run(10_000)
traced = tracemalloc.get_traced_memory()[0] - traced
print(json.dumps([after[0] - before[0], after[1] - before[1], traced]))
"""


@pytest.mark.slow
def test_a_hundred_thousand_calls_leak_nothing() -> None:
    resident, blocks, traced = json.loads(interpreter(LEAKS))
    # Less than five bytes, and less than a hundredth of an object, for each call.
    assert resident < 500_000
    assert blocks < 1000
    assert traced < 20_000


def everything(inputs: dict[np.dtype, Array]) -> list[Array]:
    """Return the results of every ufunc on every dtype."""
    results = []
    for name in EVERY:
        for x in inputs.values():
            parameters = parameters_of(name) if name in EACH else ()
            got = getattr(ufuncs, name)(*[x] * inputs_of(name), *parameters)
            results.extend(got if isinstance(got, tuple) else (got,))
    return results


def test_eight_threads_at_once_give_the_same_bits() -> None:
    inputs = {dtype: np.random.default_rng(1).normal(0, 4, 3000).astype(dtype) for dtype in FLOATS}
    expected = everything(inputs)
    start = threading.Barrier(8)

    def work(_: int) -> list[Array]:
        start.wait(60)
        return everything(inputs)

    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(work, range(8)):
            assert len(results) == len(expected)
            assert all(map(same_bits, results, expected))


def test_threads_may_share_an_activation_and_write_to_their_own_rows() -> None:
    x = np.random.default_rng(2).normal(0, 4, (8, 50_000))
    out = np.empty_like(x)
    steep = actfn.swish.with_parameters(beta=1.7)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda row: steep(x[row], out=out[row]), range(8)))
    assert len(done) == 8
    assert same_bits(out, steep(x))


@pytest.mark.parametrize("use", ["", "actfn.mish(1.0); actfn.softmax([1.0, 2.0]); actfn.get('gelu'); actfn.info()"])
def test_import_brings_in_nothing_heavy(use: str) -> None:
    code = "import sys, json, numpy; before = {*sys.modules}; import actfn; " + use
    code += "\nprint(json.dumps(sorted({name.partition('.')[0] for name in {*sys.modules} - before})))"
    brought = {*json.loads(interpreter(code))}
    assert "actfn" in brought
    assert brought - sys.stdlib_module_names - {"numpy", "actfn", "ml_dtypes"} == set()


def test_import_costs_at_most_30_ms_above_numpy() -> None:
    code = "import time, numpy; start = time.perf_counter(); import actfn; print(time.perf_counter() - start)"
    # The first run writes bytecode where an installation lacks it; a busy machine needs more runs than a quiet one.
    seconds: list[float] = []
    while len(seconds) < 15 and min(seconds, default=1.0) > 0.030:
        seconds.append(float(interpreter(code, PYTHONDONTWRITEBYTECODE="")))
    assert min(seconds) <= 0.030
