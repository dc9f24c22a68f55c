"""Measure the errors of the functions that networks seldom use on all float32 numbers, and keep the largest in a table.

    python tools/rare_accuracy.py [NAME ...] [--orders 0 1] [--workers N]

A run that was stopped goes on where it was; rows whose results have not changed since they were measured are left as they are.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import Any

import actfn
from actfn import catalogue
from actfn.accuracy import tables
from actfn.accuracy.sweep import sweep
from actfn.activation import Activation

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "accuracy"
TABLE = ROOT / "src" / "actfn" / "accuracy" / "tables" / "rare" / "float32.csv"
COLUMNS = ("function", "order", "instruction_set", "points", "max_ulp", "x_hex", "faults", "results")

Rows = dict[tuple[str, int], dict[str, str]]


def functions() -> list[Activation]:
    """Return the elementwise functions that the tables of the common ones leave out, at an example's value where one must be given."""
    found = [actfn.get(d.name) for d in catalogue.declarations() if d.kind == "elementwise" and not d.hot]
    return [
        f.with_parameters(**{name: p.example for name, p in f.parameters.items() if p.default is None})
        for f in found
        if f._declaration.inverse_of is None
    ]


def read() -> Rows:
    """Return the committed rows by function and order."""
    if not TABLE.exists():
        return {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["function"], int(row["order"])): row for row in csv.DictReader(file)}


def write(rows: Rows) -> None:
    """Write the rows in a fixed order."""
    TABLE.parent.mkdir(exist_ok=True)
    partial = TABLE.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for _, row in sorted(rows.items()))
    partial.replace(TABLE)


def measure(function: Activation, order: int, results: str, workers: int) -> dict[str, Any]:
    """Return a row of the table."""
    state = KEPT / f"rare-{function.name}-{order}-{results}.state"
    bound = tables.BOUNDS["float32"]
    report = sweep(function, function, order=order, max_ulp=bound, state=state, workers=workers, at_a_glance=True)
    faults = [
        f"{count} {kind}, first at {report.tally.first[kind].hex()}" for kind, count in report.faults.items() if count
    ]
    return {
        "function": function.name,
        "order": str(order),
        "instruction_set": str(actfn.info()["instruction_set"]),
        "points": str(report.tally.count),
        "max_ulp": f"{report.max_ulp + report.reference_error:.4f}",
        "x_hex": report.worst["x"].hex() if report.worst else "",
        "faults": "; ".join(faults),
        "results": results,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure these functions alone")
    parser.add_argument(
        "--orders", type=int, nargs="+", choices=(0, 1, 2), default=(0, 1), help="of the derivatives; 0 is the value"
    )
    parser.add_argument("--workers", type=int, help="number of processes; by default that of the CPUs")
    options = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    rows = read()
    for order in options.orders:
        for function in functions():
            results = tables.results(function, order, "float32")
            known = rows.get((function.name, order))
            if (known and known["results"] == results) or (options.names and function.name not in options.names):
                continue
            started = time.monotonic()
            row = measure(function, order, results, options.workers)
            rows[function.name, order] = row
            write(rows)
            seconds = time.monotonic() - started
            print(f"{function.name}, order {order}: {row['max_ulp']} ULP {row['faults']} {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
