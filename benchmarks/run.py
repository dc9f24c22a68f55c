"""Measure actfn beside other libraries; see `make bench`.

    python benchmarks/run.py [--quick] [--function NAME ...] [--output FILE]

Everything is measured in this process, in turns, beside a copy of the same bytes. The figures go to a JSON file, with a description of
the machine; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import os
import platform
from pathlib import Path
from typing import Any

import jax
import numpy as np
import report
import torch
from peers import DIRECTIONS, FUNCTIONS, own, peers, set_threads
from rich.progress import track
from timing import least_times

import actfn

HERE = Path(__file__).parent
ROWS = 1000  # the length of a row of softmax, where n allows it
QUICK = {
    "dtype": ["float32"],
    "direction": ["value", "vjp"],
    "n": [1, 1000, 100_000],
    "output": ["out"],
    "threads": [1],
}
FULL = {
    "dtype": ["float16", "float32", "float64"],
    "direction": [*DIRECTIONS],
    "n": [1, 64, 1000, 100_000, 10_000_000],
    "output": ["out", "fresh"],
    "threads": [1, len(os.sched_getaffinity(0))],
}


def worth_it(case: dict[str, Any]) -> bool:
    """Tell whether a case shows something of its own."""
    if case["n"] < 1_000_000:
        return case["threads"] == 1  # no call starts a thread
    # In memory it is the bytes that count.
    return case["dtype"] == "float32" or (case["dtype"], case["direction"]) == ("float64", "value")


def machine() -> dict[str, Any]:
    """Describe the machine and what is measured on it."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    family = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("cpu family")), "")
    libraries = ("numpy", "torch", "jax", "scipy", "numexpr")
    return {
        "processor": f"{model}{', family ' + family if family else ''}",
        "cpus": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in libraries},
        **{key: value for key, value in actfn.info().items() if key != "threads"},
    }


def matrix_product_gflops() -> float:
    """Return how many operations a second a float32 matrix product does on one thread: the machine's roof."""
    torch.set_num_threads(1)
    a = torch.rand(512, 512)
    return 2 * 512**3 / least_times({"product": lambda: a @ a}, 0.5)["product"] / 1e9


def shape_of(name: str, n: int) -> tuple[int, ...]:
    if actfn.get(name).kind == "elementwise":
        return (n,)
    return (max(1, n // ROWS), min(n, ROWS))


def measure(case: dict[str, Any], seconds: float, deviation: float) -> dict[str, Any] | None:
    """Return a case with its times in seconds, or None where actfn has no such call."""
    rng = np.random.default_rng(0)
    shape = shape_of(case["function"], case["n"])
    x, g = ((rng.normal(size=shape) * deviation).astype(case["dtype"]) for _ in range(2))
    out = np.empty_like(x) if case["output"] == "out" else None
    set_threads(case["threads"])
    mine = own(case["function"], case["direction"], x, g, out)
    if mine is None:
        return None
    target = np.empty_like(x)
    calls = {"actfn": mine, "copy": lambda: np.copyto(target, x)}
    calls |= dict(peers(case["function"], case["direction"], x, g, out))
    with np.errstate(all="ignore"), jax.enable_x64(True):
        return {**case, "seconds": least_times(calls, seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="float32, value and vjp, three sizes: under two minutes")
    parser.add_argument("--function", nargs="+", choices=FUNCTIONS, default=FUNCTIONS, metavar="NAME")
    parser.add_argument("--output", type=Path, default=HERE / "results.json", help="the JSON file to write")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long each case is repeated")
    parser.add_argument("--deviation", type=float, default=3.0, help="the standard deviation of the inputs")
    options = parser.parse_args()
    axes = QUICK if options.quick else FULL
    cases = [dict(zip(("function", *axes), case)) for case in itertools.product(options.function, *axes.values())]
    cases = [case for case in cases if worth_it(case)]
    kept: list[dict[str, Any]] = []
    partial = options.output.with_suffix(".partial")
    if partial.exists():
        before = json.loads(partial.read_text(encoding="utf-8"))
        kept = before["cases"] if before["machine"] == machine() else []
    done = {tuple(str(case[key]) for key in cases[0]) for case in kept}
    left = [case for case in cases if tuple(str(value) for value in case.values()) not in done]
    here = machine()
    for i, case in enumerate(track(left, description="measuring")):
        found = measure(case, options.seconds, options.deviation)
        if found is not None:
            kept.append(found)
        if i % 50 == 49:
            partial.write_text(json.dumps({"machine": here, "cases": kept}), encoding="utf-8")
    results = {"machine": {**here, "matrix_product_gflops": matrix_product_gflops()}, "cases": kept}
    lines = ",\n".join(json.dumps(case) for case in kept)
    partial.write_text(
        f'{{"machine": {json.dumps(results["machine"], indent=1)},\n"cases": [\n{lines}\n]}}\n', encoding="utf-8"
    )
    partial.replace(options.output)
    print(report.text(results))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
