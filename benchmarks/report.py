"""Tables and pictures of the figures that run.py has measured.

python benchmarks/report.py    renew the tables in README.md and docs/speed.md, and the pictures
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SHOWN = ("PyTorch", "JAX", "SciPy", "NumPy", "numexpr")
DIRECTIONS = {
    "value": "value",
    "first": "first",
    "second": "second",
    "vjp": "vjp",
    "value_and_derivative": "value and first",
}
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


def summary(results: dict[str, Any]) -> str:
    """Return a Markdown table of the geometric mean of all ratios to the fastest peer, and the largest, by direction."""
    lines = [f"| ÷ fastest peer | {' | '.join(DIRECTIONS.values())} |", f"|---|{'---|' * len(DIRECTIONS)}"]
    for key, cases in sorted(groups(results).items()):
        cells = []
        for direction in DIRECTIONS:
            ratios = {case["function"]: ratio(case) for case in cases if case["direction"] == direction}
            ratios = {name: value for name, value in ratios.items() if not math.isnan(value)}
            worst = max(ratios, key=lambda name: ratios[name], default=None)
            mean = geometric_mean(ratios.values())
            cells.append(f"{mean:.2f} ({worst} {ratios[worst]:.2f})" if worst else "")
        lines.append(f"| {heading(key)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def training_step(results: dict[str, Any], key: tuple[Any, ...]) -> str:
    """Return a Markdown table of value and product together, beside PyTorch's, whose product is given the value."""
    lines = ["| ns an element, value and vjp | actfn | PyTorch | ÷ |", "|---|---|---|---|"]
    times: dict[str, dict[str, Case]] = {}
    for case in groups(results)[key]:
        times.setdefault(case["function"], {})[case["direction"]] = case
    ratios = []
    for name, by_direction in times.items():
        both = [by_direction.get(direction) for direction in ("value", "vjp")]
        if any(case is None or "PyTorch" not in case["seconds"] for case in both):
            continue
        mine, theirs = (sum(nanoseconds(case, library) for case in both if case) for library in ("actfn", "PyTorch"))
        ratios.append(mine / theirs)
        lines.append(f"| {name} | {mine:.3g} | {theirs:.3g} | {mine / theirs:.2f} |")
    lines.append(f"| geometric mean | | | {geometric_mean(ratios):.2f} |")
    return "\n".join(lines)


def threads(results: dict[str, Any]) -> str:
    """Return a Markdown table of how many times as fast all threads are as one, in memory."""
    lines = ["| one thread ÷ all threads | float32 | float64 |", "|---|---|---|"]
    times = {
        (case["function"], case["dtype"], case["threads"] > 1): case["seconds"]["actfn"]
        for case in results["cases"]
        if (case["n"], case["output"], case["direction"]) == (10_000_000, "out", "value")
    }
    for name in dict.fromkeys(function for function, _, many in times if many):
        cells = [
            f"{times[name, dtype, False] / times[name, dtype, True]:.2f}" if (name, dtype, True) in times else ""
            for dtype in ("float32", "float64")
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


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
    folder = Path(__file__).parent
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    found = groups(results)
    in_cache, in_memory = ("float32", 100_000, "out", 1), ("float32", 10_000_000, "out", 1)
    fresh = ("float32", 10_000_000, "fresh", 1)
    shown = [case for case in found[in_cache] if case["direction"] in ("value", "vjp")]
    short = f"{table(shown)}\n\n{heading(in_cache)}. {description(results)}."
    for document in ("README.md", "README.zh.md"):
        renew(ROOT / document, "speed", short)
    parts = [description(results), summary(results)]
    for path in sorted(folder.glob("results-*.json")):
        other = json.loads(path.read_text(encoding="utf-8"))
        parts += [f"### {other['machine']['instruction_set']}", summary(other)]
    parts += ["### Threads: 10,000,000 elements into an existing array", threads(results)]
    parts += [f"### A training step: {heading(in_cache)}", training_step(results, in_cache)]
    parts += [f"### {heading(key)}\n\n{table(found[key])}" for key in (in_cache, in_memory, fresh) if key in found]
    renew(ROOT / "docs" / "speed.md", "tables", "\n\n".join(parts))
    for path in [*pictures(results, folder), roofline(results, folder)]:
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
