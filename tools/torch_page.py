"""Fill the table of docs/torch.md: the largest errors of PyTorch's functions beside those of actfn.torch.

    python tools/torch_page.py

Both are checked in one run on the same sample of float32, with PyTorch's own automatic derivatives of both.
"""

from __future__ import annotations

from pathlib import Path

import torch

import actfn
import actfn.torch as A
from actfn.accuracy import Report
from actfn.frameworks.installed import own_functions

PAGE = Path(__file__).parent.parent / "docs" / "torch.md"
START, END = "<!-- errors -->\n", "<!-- end of errors -->\n"


def shown(report: Report) -> str:
    """Return the largest error, and how many results are no numbers, or zero, that should not be."""
    wrong = sum(report.faults[kind] for kind in ("wrong_nan", "wrong_infinity", "flushed"))
    return f"{report.max_ulp:.3g}" + (f" ({wrong:,} lost)" if wrong else "")


def main() -> None:
    """Check every function, and write the table."""
    rows = []
    for name, peer in own_functions("torch").items():
        if actfn.get(name).kind != "elementwise":
            continue
        cells = []
        for order in range(3):
            for function in (peer, getattr(A, name)):
                try:
                    cells.append(shown(actfn.check(function, name, order=order, library="torch")))
                except ValueError:  # PyTorch has no such derivative
                    cells.append("none")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    head = ["", *(f"{side}, {what}" for what in ("value", "first", "second") for side in ("PyTorch", "actfn"))]
    table = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows]
    note = f"PyTorch {torch.__version__}, float32 on the CPU, instruction set {actfn.info()['instruction_set']}."
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + START + "\n" + "\n".join(table) + f"\n\n{note}\n\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
