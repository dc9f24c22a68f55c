"""Fill the tables of docs/jax.md and docs/keras.md: the largest errors of JAX's and Keras's functions beside those of actfn.

    python tools/jax_pages.py

All are checked in one run on the same sample of float32, with JAX's automatic derivatives; Keras runs on JAX.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras

import actfn
import actfn.jax
import actfn.keras
from actfn.accuracy import Report
from actfn.frameworks.installed import own_functions

DOCS = Path(__file__).parent.parent / "docs"
START, END = "<!-- errors -->\n", "<!-- end of errors -->\n"
PAGES = {"jax.md": ("JAX", "jax", actfn.jax), "keras.md": ("Keras", "keras", actfn.keras)}


def shown(report: Report) -> str:
    """Return the largest error, and how many results are no numbers, or zero, that should not be."""
    lost = sum(report.faults[kind] for kind in ("wrong_nan", "wrong_infinity", "flushed"))
    return f"{report.max_ulp:.3g}" + (f" ({lost:,} lost)" if lost else "")


def table(title: str, framework: str, module: Any) -> str:
    """Check every function, and return the table."""
    orders = ("value", "first", "second")
    head = ["", *(f"{side}, {what}" for what in orders for side in (title, "actfn"))]
    rows = [head, ["---"] * len(head)]
    for name, peer in own_functions(framework).items():
        if actfn.get(name).kind != "elementwise":
            continue
        sides = (peer, getattr(module, name))
        cells = [shown(actfn.check(f, name, order=order, library="jax")) for order in range(3) for f in sides]
        rows.append([name, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Write both tables."""
    versions = f"JAX {jax.__version__}, Keras {keras.__version__}"
    note = f"{versions}, float32 on the CPU, instruction set {actfn.info()['instruction_set']}."
    for page, (title, framework, module) in PAGES.items():
        before, _, rest = (DOCS / page).read_text(encoding="utf-8").partition(START)
        _, _, after = rest.partition(END)
        text = f"{before}{START}\n{table(title, framework, module)}\n\n{note}\n\n{END}{after}"
        (DOCS / page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
