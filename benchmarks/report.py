"""Tables and pictures of the figures that run.py has measured.

python benchmarks/report.py [FILE]    print the tables, and renew those in README.md and docs/speed.md
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SHOWN = ("PyTorch", "JAX", "SciPy", "NumPy", "numexpr")
Case = dict[str, Any]


def nanoseconds(case: Case, library: str) -> float:
    """Return the time of a library for one element."""
    return float(case["seconds"][library]) / case["n"] * 1e9


def fastest_peer(case: Case) -> str | None:
    """Return the name of the fastest other library."""
    others = [name for name in case["seconds"] if name not in ("actfn", "copy")]
    return min(others, key=lambda name: case["seconds"][name], default=None)


def ratio(case: Case) -> float:
    """Return actfn's time by that of the fastest other library, or NaN."""
    peer = fastest_peer(case)
    return case["seconds"]["actfn"] / case["seconds"][peer] if peer else math.nan


def to_copy(case: Case) -> float:
    return float(case["seconds"]["actfn"] / case["seconds"]["copy"])


def gigabytes(case: Case) -> float:
    """Return how many bytes a second are read and written."""
    arrays = {"vjp": 3, "value_and_derivative": 3}.get(case["direction"], 2)
    size = int(re.sub(r"\D", "", case["dtype"])) // 8
    return float(arrays * size * case["n"] / case["seconds"]["actfn"] / 1e9)


def geometric_mean(values: Iterable[float]) -> float:
    known = [math.log(value) for value in values if not math.isnan(value)]
    return math.exp(sum(known) / len(known)) if known else math.nan


def table(cases: list[Case]) -> str:
    """Return a Markdown table of cases that differ in function and direction alone."""
    lines = [
        f"| ns an element | actfn | {' | '.join(SHOWN)} | copy | GB/s | ÷ fastest | ÷ copy |",
        f"|---|---|{'---|' * len(SHOWN)}---|---|---|---|",
    ]
    for case in cases:
        others = [f"{nanoseconds(case, name):.3g}" if name in case["seconds"] else "" for name in SHOWN]
        relative = ratio(case)
        name = f"{case['function']}, {case['direction']}".replace("value_and_derivative", "both")
        lines.append(
            f"| {name} | {nanoseconds(case, 'actfn'):.3g} | {' | '.join(others)} | {nanoseconds(case, 'copy'):.3g} "
            f"| {gigabytes(case):.3g} | {'' if math.isnan(relative) else f'{relative:.2f}'} | {to_copy(case):.1f} |"
        )
    lines.append(f"| geometric mean | {'| ' * (len(SHOWN) + 3)}| {geometric_mean(map(ratio, cases)):.2f} | |")
    return "\n".join(lines)


def groups(results: dict[str, Any]) -> dict[tuple[Any, ...], list[Case]]:
    """Return the cases by dtype, number of elements, output and threads."""
    found: dict[tuple[Any, ...], list[Case]] = {}
    for case in results["cases"]:
        found.setdefault((case["dtype"], case["n"], case["output"], case["threads"]), []).append(case)
    return found


def heading(key: tuple[Any, ...]) -> str:
    dtype, n, output, threads = key
    into = "into an existing array" if output == "out" else "into a fresh array"
    return f"{dtype}, n = {n:,}, {into}, {threads} thread{'s' if threads > 1 else ''}"


def description(results: dict[str, Any]) -> str:
    m = results["machine"]
    return (
        f"{m['processor']}, {m['cpus']} CPUs; instruction set {m['instruction_set']}; {m['compiler']}; Python {m['python']}, "
        f"NumPy {m['numpy']}, PyTorch {m['torch']}, JAX {m['jax']}, SciPy {m['scipy']}, numexpr {m['numexpr']}"
    )


def text(results: dict[str, Any]) -> str:
    """Return all tables."""
    parts = [description(results)]
    parts += [f"### {heading(key)}\n\n{table(cases)}" for key, cases in sorted(groups(results).items())]
    return "\n\n".join(parts)


def pictures(results: dict[str, Any], folder: Path) -> list[Path]:
    """Draw one picture a size: the time of every library by that of a copy, for float32 and one thread."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "actfn"
    from matplotlib import pyplot

    written = []
    colours = dict(zip(("actfn", *SHOWN), ("#000000", "#D55E00", "#0072B2", "#009E73", "#E69F00", "#CC79A7")))
    markers = dict(zip(("actfn", *SHOWN), "oDs^vP"))
    for (dtype, n, output, threads), cases in groups(results).items():
        chosen = [case for case in cases if case["direction"] in ("value", "vjp")]
        if (dtype, output, threads) != ("float32", "out", 1) or not chosen:
            continue
        figure, axes = pyplot.subplots(figsize=(8, 0.24 * len(chosen) + 1.2), layout="constrained")
        labels = [f"{case['function']}{' vjp' if case['direction'] == 'vjp' else ''}" for case in chosen]
        for name, colour in colours.items():
            points = [(nanoseconds(c, name), i) for i, c in enumerate(chosen) if name in c["seconds"]]
            if points:
                axes.plot(
                    *zip(*points), markers[name], color=colour, label=name, markersize=5, zorder=3 - (name != "actfn")
                )
        axes.plot([nanoseconds(c, "copy") for c in chosen], range(len(chosen)), "|", color="#777777", label="copy")
        axes.set(
            xscale="log",
            yticks=range(len(chosen)),
            yticklabels=labels,
            xlabel="ns an element",
            title=f"float32, n = {n:,}",
        )
        axes.invert_yaxis()
        axes.grid(axis="x", color="#E4E4E4", which="both")
        axes.legend(fontsize="small", loc="lower right")
        path = folder / f"float32-{n}.svg"
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        written.append(path)
    return written


def roofline(results: dict[str, Any], folder: Path) -> Path:
    """Draw the operations that each function does a second against those it does for each byte, below the machine's two roofs.

    Operations are those of the traced kernel, one for each line of its graph; the roofs are a float32 matrix product and a copy, in
    cache and in memory.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "actfn"
    import numpy as np
    from matplotlib import pyplot

    from actfn import catalogue
    from actfn.trace import operations

    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    intensities = np.geomspace(0.1, 30, 50)
    peak = results["machine"]["matrix_product_gflops"]
    for n, style, colour in ((100_000, "o", "#000000"), (10_000_000, "^", "#0072B2")):
        cases = [
            case
            for case in groups(results).get(("float32", n, "out", 1), [])
            if case["direction"] == "value" and catalogue.find(case["function"]).kind == "elementwise"
        ]
        if not cases:
            continue
        bandwidth = max(8 / nanoseconds(case, "copy") for case in cases)
        axes.plot(intensities, np.minimum(intensities * bandwidth, peak), color=colour, linewidth=1)
        for case in cases:
            count = operations(catalogue.find(case["function"]), "value")
            axes.plot(count / 8, count / nanoseconds(case, "actfn"), style, color=colour, markersize=5)
            axes.annotate(case["function"], (count / 8, count / nanoseconds(case, "actfn")), fontsize=6, rotation=20)
    axes.set(xscale="log", yscale="log", xlabel="operations a byte", ylabel="10⁹ operations a second")
    axes.set_title("float32 values: dots in cache, triangles in memory; lines: copy and matrix product")
    path = folder / "roofline.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def renew(path: Path, name: str, content: str) -> None:
    """Replace what stands between a document's two comments with a name."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    old = path.read_text(encoding="utf-8")
    if old.count(start) != 1 or old.count(end) != 1:
        raise SystemExit(f"{path.name} has no place between {start} and {end}")
    before, rest = old.split(start)
    path.write_text(f"{before}{start}\n\n{content}\n\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "results.json"
    results = json.loads(source.read_text(encoding="utf-8"))
    print(text(results))
    found = groups(results)
    in_cache = [case for case in found[("float32", 100_000, "out", 1)] if case["direction"] in ("value", "vjp")]
    summary = f"{table(in_cache)}\n\n{heading(('float32', 100_000, 'out', 1))}. {description(results)}."
    for document in ("README.md", "README.zh.md"):
        renew(ROOT / document, "speed", summary)
    renew(ROOT / "docs" / "speed.md", "tables", text(results))


if __name__ == "__main__":
    main()
