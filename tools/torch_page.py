"""Fill the table of docs/torch.md: the largest errors of PyTorch's functions beside those of actfn.torch.

    python tools/torch_page.py

Both are checked in one run on the same sample of float32, with PyTorch's own automatic derivatives of both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

import actfn
import actfn.torch as A
from actfn.accuracy import Report

PAGE = Path(__file__).parent.parent / "docs" / "torch.md"
START, END = "<!-- errors -->\n", "<!-- end of errors -->\n"
F = torch.nn.functional
PEERS: dict[str, Any] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_sigmoid": F.hardsigmoid,
    "silu": F.silu,
    "mish": F.mish,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}


def shown(report: Report) -> str:
    """Return the largest error, and how many results are no numbers, or zero, that should not be."""
    wrong = sum(report.faults[kind] for kind in ("wrong_nan", "wrong_infinity", "flushed"))
    return f"{report.max_ulp:.3g}" + (f" ({wrong:,} lost)" if wrong else "")


def main() -> None:
    """Check every function, and write the table."""
    rows = []
    for name, peer in PEERS.items():
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
