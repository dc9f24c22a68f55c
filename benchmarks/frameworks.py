"""Time actfn.torch beside PyTorch's own functions: forward and backward, eager or compiled, in turns in one process.

    python benchmarks/frameworks.py [--sizes 1000,100000] [--functions mish,gelu] [--seconds 0.4] [--compiled] [--json FILE]

Prints, for each function and size, the time of forward + backward of both, the quotient, and the difference in microseconds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from page import fill
from timing import least_times

import actfn
import actfn.torch as A
from actfn.frameworks.installed import own_functions

# Noise costs what its generator does.
PEERS = {name: own for name, own in own_functions("torch").items() if actfn.get(name).kind != "stochastic"}


def step(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, g: torch.Tensor) -> Callable[[], Any]:
    """Return forward + backward of a function as a call."""
    return lambda: torch.autograd.grad(function(x), x, g)


def main() -> None:
    """Time what the command line names, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--functions", default=",".join(PEERS))
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--seconds", type=float, default=0.4, help="for each line")
    parser.add_argument("--compiled", action="store_true", help="both under torch.compile")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--page", type=Path, help="also fill the table of speed in this document")
    given = parser.parse_args()
    names = given.functions.split(",")
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        parser.error(f"there is no benchmark of {unknown[0]!r}; there is one of {', '.join(PEERS)}")
    if given.json is not None and given.json.exists():
        parser.error(f"{given.json} exists already")
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    print(f"{'function':14}{'n':>9}{'actfn us':>11}{'torch us':>11}{'quotient':>10}{'more us':>10}")
    for name in names:
        ours, theirs = getattr(A, name), PEERS[name]
        if given.compiled:
            torch._dynamo.reset()
            ours, theirs = torch.compile(ours, fullgraph=True), torch.compile(theirs, fullgraph=True)
        for size in map(int, given.sizes.split(",")):
            x = torch.randn(max(1, size // 100), 100, dtype=getattr(torch, given.dtype)).mul_(3).requires_grad_()
            g = torch.randn_like(theirs(x))
            times = least_times({"actfn": step(ours, x, g), "torch": step(theirs, x, g)}, given.seconds)
            a, b = (1e6 * times[side] for side in ("actfn", "torch"))
            rows.append({"function": name, "n": x.numel(), "actfn": a, "torch": b, "compiled": given.compiled})
            print(f"{name:14}{x.numel():9}{a:11.1f}{b:11.1f}{a / b:10.2f}{a - b:10.1f}", flush=True)
    if given.page is not None:
        lines = [
            [r["function"], f"{r['n']:,}", f"{r['torch']:,.0f}", f"{r['actfn']:,.0f}", f"{r['actfn'] / r['torch']:.2f}"]
            for r in rows
        ]
        head, note = (
            ["", "n", "PyTorch, µs", "actfn, µs", "actfn / PyTorch"],
            f"PyTorch {torch.__version__}, one thread.",
        )
        fill(given.page, "compiled speed" if given.compiled else "speed", head, lines, note)
    if given.json is not None:
        given.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
