"""Measure actfn's own errors and rewrite the committed tables; a run that was stopped goes on where it was.

    python tools/accuracy.py [--sampled] [--only INSTRUCTION_SET]

Without --sampled, float32 is measured on all of its 2^32 numbers. Two instruction sets whose results have the same hash share
one measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "accuracy"
TABLES = ROOT / "src" / "actfn" / "accuracy" / "tables"
ORDERS = (0, 1, 2)


def measure_all(instruction_set: str, sampled: bool) -> None:
    """Measure every row with the instruction set of this process, and keep each as soon as it is known."""
    from actfn.accuracy import tables
    from actfn.accuracy.formats import FORMATS

    KEPT.mkdir(parents=True, exist_ok=True)
    for dtype in ("float16", "bfloat16", "float64", "float32"):
        assert dtype in FORMATS
        for function in tables.functions():
            for order in ORDERS:
                exhaustive = not sampled
                kind = "all" if exhaustive or dtype != "float32" else "sampled"
                kept = KEPT / f"{instruction_set}-{dtype}-{function.name}-{order}-{kind}.json"
                if kept.exists():
                    continue
                started = time.monotonic()
                state = KEPT / f"{kept.stem}.state"
                row = tables.measure(function, order, dtype, exhaustive=exhaustive, state=state)
                partial = kept.with_suffix(".partial")
                partial.write_text(json.dumps({**row, "instruction_set": instruction_set}), encoding="utf-8")
                partial.replace(kept)
                seconds = time.monotonic() - started
                print(f"{kept.stem}: {row['max_ulp']} ULP at {row['x']}, {seconds:.0f} s", flush=True)


def fingerprint_of(instruction_set: str) -> str:
    """Return the hash of the results of an instruction set, computed in a process of its own."""
    command = [sys.executable, "-c", "from actfn.accuracy import tables; print(tables.fingerprint())"]
    environment = {**os.environ, "ACTFN_ISA": instruction_set}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def collect(available: list[str], shared: dict[str, str]) -> None:
    """Write the tables from all rows that are known; a sweep counts before a sample."""
    from actfn.accuracy import tables

    rows: dict[tuple[str, ...], dict[str, str]] = {tuple(map(str, key)): row for key, row in tables.read().items()}
    for instruction_set in available:
        measured = shared.get(instruction_set, instruction_set)
        for pattern in ("sampled", "all"):
            for kept in sorted(KEPT.glob(f"{measured}-*-{pattern}.json")):
                row = {**json.loads(kept.read_text(encoding="utf-8")), "instruction_set": instruction_set}
                rows[tuple(str(row[column]) for column in tables.KEY)] = row
    tables.write(TABLES, rows.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampled", action="store_true", help="sample float32 instead of trying all of its numbers")
    parser.add_argument("--only", help="measure one instruction set")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        measure_all(options.worker, options.sampled)
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
        subprocess.run([*command, *(["--sampled"] if options.sampled else [])], env=environment, check=True)
    collect(available, shared)
    print(f"wrote {TABLES.relative_to(ROOT)} in {(time.monotonic() - started) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
