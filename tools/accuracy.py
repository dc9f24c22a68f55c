"""Measure actfn's own errors and rewrite the committed tables; a run that was stopped goes on where it was.

    python tools/accuracy.py [--sampled] [--fresh] [--only INSTRUCTION_SET]

float32 is measured on all of its 2^32 numbers and float64 on a million, unless --sampled. Rows whose results have not changed since
they were measured are left as they are, unless --fresh. Two instruction sets whose results have the same hash share one measurement.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "accuracy"
TABLES = ROOT / "src" / "actfn" / "accuracy" / "tables"
ORDERS = (0, 1, 2)
# How many points a row must have to count as measured in full.
POINTS = {"float16": 2**16, "bfloat16": 2**16, "float32": 2**32, "float64": 10**6}

Job = tuple[str, int, str]


def measure_all(instruction_set: str, sampled: bool, fresh: bool) -> None:
    """Measure every row with the instruction set of this process, and keep each as soon as it is known."""
    from actfn.accuracy import tables

    KEPT.mkdir(parents=True, exist_ok=True)
    known = {} if fresh else {key[:3]: row for key, row in tables.read().items() if key[3] == instruction_set}
    jobs: list[Job] = []
    for dtype in POINTS:
        for function in tables.functions():
            for order in ORDERS:
                job = (function.name, order, dtype)
                results = tables.results(function, order, dtype)
                committed, kept = known.get(job), _kept(instruction_set, job)
                if committed is not None and _holds(committed, results, sampled):
                    _path(instruction_set, job).unlink(missing_ok=True)
                elif kept is None or not _holds(kept, results, sampled):
                    # What was kept of other results must not be collected.
                    _path(instruction_set, job).unlink(missing_ok=True)
                    jobs.append(job)
    print(f"{instruction_set}: {len(jobs)} rows to measure", flush=True)
    # A sweep of float32 has all cores to itself; the others share them.
    small = [(instruction_set, job, sampled) for job in jobs if sampled or job[2] != "float32"]
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        for said in pool.imap_unordered(_measure, small):
            print(said, flush=True)
    for job in jobs:
        if not sampled and job[2] == "float32":
            print(_measure((instruction_set, job, sampled)), flush=True)


def _measure(what: tuple[str, Job, bool]) -> str:
    from actfn.accuracy import tables

    instruction_set, job, sampled = what
    name, order, dtype = job
    started = time.monotonic()
    path = _path(instruction_set, job)
    function = next(function for function in tables.functions() if function.name == name)
    row = None if sampled or dtype != "float32" else _by_difference(instruction_set, function, order)
    row = row or tables.measure(function, order, dtype, exhaustive=not sampled, state=path.with_suffix(".state"))
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({**row, "instruction_set": instruction_set}), encoding="utf-8")
    partial.replace(path)
    return f"{path.stem}: {row['max_ulp']} ULP at {row['x']}, {time.monotonic() - started:.0f} s"


def _by_difference(instruction_set: str, function: Any, order: int) -> dict[str, Any] | None:
    """Return a row from that of the best instruction set, where this one's kernel is the same but for its rounding."""
    import actfn
    from actfn.accuracy import tables
    from actfn.accuracy.difference import differences, row_from

    best = str(actfn.info()["available"][-1])  # type: ignore[index]
    known = _kept(best, (function.name, order, "float32"))
    if known is None or instruction_set == best or tables.is_tuned(function, order):
        return None
    row = row_from(known, *differences(function, order))
    return row and {**row, "results": tables.results(function, order, "float32")}


def _path(instruction_set: str, job: Job) -> Path:
    name, order, dtype = job
    return KEPT / f"{instruction_set}-{dtype}-{name}-{order}.json"


def _kept(instruction_set: str, job: Job) -> dict[str, Any] | None:
    path = _path(instruction_set, job)
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return found


def _holds(row: dict[str, Any], results: str, sampled: bool) -> bool:
    """Tell whether a row is about the present results, on enough points."""
    return row["results"] == results and (sampled or int(row["points"]) >= POINTS[row["dtype"]])


def fingerprint_of(instruction_set: str) -> str:
    """Return the hash of the results of an instruction set, computed in a process of its own."""
    command = [sys.executable, "-c", "from actfn.accuracy import tables; print(tables.fingerprint())"]
    environment = {**os.environ, "ACTFN_ISA": instruction_set}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def collect(available: list[str], shared: dict[str, str]) -> None:
    """Write the tables: the committed rows, with those measured since in their place."""
    from actfn.accuracy import tables

    rows: dict[tuple[str, ...], dict[str, Any]] = {tuple(map(str, key)): row for key, row in tables.read().items()}
    for instruction_set in available:
        for kept in sorted(KEPT.glob(f"{shared.get(instruction_set, instruction_set)}-*.json")):
            row = {**json.loads(kept.read_text(encoding="utf-8")), "instruction_set": instruction_set}
            rows[tuple(str(row[column]) for column in tables.KEY)] = row
    tables.write(TABLES, rows.values())
    for kept in KEPT.glob("*.json"):
        kept.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampled", action="store_true", help="sample float32 instead of trying all of its numbers")
    parser.add_argument("--fresh", action="store_true", help="measure also what has not changed")
    parser.add_argument("--only", help="measure one instruction set")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        measure_all(options.worker, options.sampled, options.fresh)
        return
    import actfn

    available = [str(name) for name in actfn.info()["available"]]  # type: ignore[attr-defined]
    shared: dict[str, str] = {}
    if {"avx2", "avx512"} <= {*available} and fingerprint_of("avx2") == fingerprint_of("avx512"):
        shared["avx2"] = "avx512"
        print("avx2 and avx512 give the same bits: one measurement serves both", flush=True)
    started = time.monotonic()
    for instruction_set in reversed(available):
        if instruction_set in shared or (options.only and options.only != instruction_set):
            continue
        command = [sys.executable, str(Path(__file__)), "--worker", instruction_set]
        environment = {**os.environ, "ACTFN_ISA": instruction_set}
        switches = [f"--{name}" for name in ("sampled", "fresh") if getattr(options, name)]
        subprocess.run([*command, *switches], env=environment, check=True)
    collect(available, shared)
    print(f"wrote {TABLES.relative_to(ROOT)} in {(time.monotonic() - started) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
