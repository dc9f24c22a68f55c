"""How a report is shown: as a table in text, as a plot, as JSON and as a page."""

from __future__ import annotations

import io
import json
import math
import re
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from actfn.accuracy.formats import FORMATS, Array, Format
from actfn.accuracy.tally import LOWEST
from actfn.information import info

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actfn.accuracy.report import Report

ORDERS = ("value", "first derivative", "second derivative")
COLUMNS = 600
HIGHEST_DRAWN = 1e30

# What a plot is drawn with: ink, grid, errors within the bound, errors above it.
PAPER = ("#000000", "#E4E4E4", "#0072B2", "#D55E00")
# Stand-ins on the page, whose own colours follow its light or dark scheme.
STAND_INS = {"ink": "#010101", "grid": "#020202", "within": "#030303", "above": "#040404"}


def rows(report: Report) -> list[tuple[str, str]]:
    """Return every figure of a report with its name, as text."""
    tally, worst = report.tally, report.worst
    at = [(key, number(worst[key])) for key in ("x", "got", "exact")] if worst else []
    bad = tally.bad
    kinds = [
        (words(kind), f"{count:,}, first at {number(tally.first[kind])}" if count else "0")
        for kind, count in report.faults.items()
    ]
    return [
        ("checked", report.subject),
        ("against", f"{report.reference}, {ORDERS[report.order]}"),
        ("dtype", report.dtype),
        ("points", f"{tally.count:,}, {'every number' if report.exhaustive else 'a stratified sample'}"),
        (
            "largest error",
            f"{report.max_ulp:.4g} ULP, {'above' if report.max_ulp > report.bound else 'within'} the bound",
        ),
        ("  reference's own", f"at most {report.reference_error:.2g} ULP" if report.reference_error else "none"),
        *((f"  {key}", value) for key, value in at),
        ("99.9% of errors", f"at most {tally.percentile(0.999):.3g} ULP"),
        ("mean error", f"{tally.mean:.4g} ULP"),
        ("correctly rounded", share(tally.share_correct)),
        ("first bad interval", f"{number(bad[0])} to {number(bad[1])}" if bad else "none"),
        *kinds,
        ("at kinks", f"{tally.kinds['kinks']:,} between the slopes, where any value passes"),
        ("bound", f"{report.bound:g} ULP"),
        ("verdict", "passed" if report.ok else f"FAILED: {', '.join(reasons(report))}"),
    ]


def reasons(report: Report) -> list[str]:
    """Return why a report is not ok, in a few words each."""
    found = [f"{count:,} {words(kind)}" for kind, count in report.faults.items() if count]
    return [f"{report.max_ulp:.3g} ULP", *found] if not report.max_ulp <= report.bound else found


def words(kind: str) -> str:
    """Return a kind of fault in words."""
    return kind.replace("_", " ").replace("nan", "NaN")


def number(value: float) -> str:
    """Return a float as decimal and hexadecimal text.

    Examples
    --------
    >>> number(-5.5)
    '-5.5 (-0x1.6000000000000p+2)'
    """
    return f"{value!r} ({value.hex()})" if math.isfinite(value) else repr(value)


def share(part: float) -> str:
    """Return a share in per cent, never rounded up to all.

    Examples
    --------
    >>> share(1.0), share(0.99999999), share(0.25)
    ('100%', '99.99999%', '25.00000%')
    """
    if math.isnan(part) or part == 1:
        return "none judged" if math.isnan(part) else "100%"
    return f"{math.floor(part * 1e7) / 1e5:.5f}%"


def table(report: Report) -> str:
    """Return the report as lines of text, name before figure."""
    lines = rows(report)
    width = max(len(name) for name, _ in lines) + 2
    return "\n".join(f"{name:{width}}{figure}" for name, figure in lines)


def to_json(report: Report) -> str:
    """Return the report as JSON; numbers that JSON does not have are the strings "inf", "-inf" and "nan"."""
    return json.dumps({"actfn": info()["version"], **strict(report.as_dict())}, indent=2, allow_nan=False) + "\n"


def strict(data: Any) -> Any:
    """Return plain data with infinities and NaN as strings."""
    if isinstance(data, dict):
        return {key: strict(value) for key, value in data.items()}
    if isinstance(data, list):
        return [strict(value) for value in data]
    return str(data) if isinstance(data, float) and not math.isfinite(data) else data


def plot(report: Report, ax: Axes | None = None, colours: tuple[str, ...] = PAPER) -> Axes:
    """Draw the largest error at each place against x; see :meth:`Report.plot`."""
    from matplotlib.figure import Figure

    if ax is None:
        ax = Figure(figsize=(8, 4), layout="constrained").add_subplot()
    ink, grid, *sides = colours
    form = FORMATS[report.dtype]
    bottom, top = 2.0**LOWEST, min(max(report.max_ulp, report.bound, 1.0), HIGHEST_DRAWN)
    ax.set_yscale("log")
    ax.set_ylim(bottom / 2, top * (top / bottom) ** 0.25)
    _signed_log(ax, form)
    x, errors = _skyline(*report.tally.profile(), form)
    seen = errors >= bottom
    x, errors = x[seen], errors[seen].clip(max=HIGHEST_DRAWN)
    above = errors > report.bound
    for side, colour, label in zip((~above, above), sides, ("within the bound", "above the bound")):
        if side.any():
            ax.plot(x[side], errors[side], ".", color=colour, markersize=3, label=label)
    ax.axhline(report.bound, color=ink, linewidth=1, linestyle="--", label=f"bound, {report.bound:g} ULP")
    if report.worst is not None and report.max_ulp >= bottom:
        at = np.clip(report.worst["x"], *ax.get_xlim())
        words = f"largest, {report.max_ulp:.3g} ULP at x = {report.worst['x']:.9g}"
        ax.plot([at], [min(report.max_ulp, top)], "o", color=ink, fillstyle="none", label=words)
    ax.set_xlabel("x")
    ax.set_ylabel("error in ULP")
    ax.set_title(f"{report.subject} as {report.reference}, {ORDERS[report.order]}, {report.dtype}", color=ink)
    ax.grid(True, color=grid, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper left", frameon=False, ncols=2, fontsize="small")
    return ax


def _extent(form: Format) -> tuple[float, float]:
    """Return the logarithms to base 10 of a format's smallest and largest numbers, the latter never rounded up."""
    return form.smallest_exponent * math.log10(2), min((form.largest_exponent + 1) * math.log10(2), 308.25)


def _across(x: Array, form: Format) -> Array:
    """Return how far right of zero a number is on the axis: its decades, counted from the smallest number with its sign."""
    low, _ = _extent(form)
    with np.errstate(divide="ignore"):
        decades: Array = np.sign(x) * np.maximum(np.log10(np.abs(x)) - low + 1, 0)
    return decades


def _signed_log(ax: Axes, form: Format) -> None:
    """Give an axis all numbers of a format: both signs by their logarithms, with zero between the subnormals."""
    low, high = _extent(form)

    def forward(x: Any) -> Any:
        return _across(np.asarray(x), form)

    def inverse(place: Any) -> Any:
        return np.sign(place) * 10.0 ** np.minimum(np.abs(place) + low - 1, high)

    ax.set_xscale("function", functions=(forward, inverse))
    ax.set_xlim(-(10.0**high), 10.0**high)
    exponents = range(math.floor(high), math.ceil(low) - 1, -math.ceil((high - low) / 5))
    ticks = {"0": 0.0}
    for exponent in exponents:
        ticks |= {f"−1e{exponent}": -float(f"1e{exponent}"), f"1e{exponent}": float(f"1e{exponent}")}
    ax.set_xticks([*ticks.values()], [*ticks], fontsize="small")
    ax.minorticks_off()


def _skyline(x: Array, errors: Array, form: Format) -> tuple[Array, Array]:
    """Return the largest of the errors that fall together on the axis, in the order of x."""
    low, high = _extent(form)
    x = x.clip(-(10.0**high), 10.0**high)
    column = np.round(_across(x, form) * (COLUMNS / 2 / (high - low + 1))).astype(np.int64)
    ascending = np.argsort(errors, kind="stable")
    largest = dict(zip(column[ascending].tolist(), ascending.tolist()))
    kept = np.array([largest[place] for place in sorted(largest)], np.int64)
    return x[kept], errors[kept].astype(np.float64)


def to_html(report: Report) -> str:
    """Return the report as one page that needs nothing but itself."""
    name = escape(f"{report.subject} as {report.reference}")
    body = "\n".join(f"<tr><th>{escape(key)}</th><td>{escape(value)}</td></tr>" for key, value in rows(report))
    return PAGE.format(
        name=name,
        verdict="passed" if report.ok else "failed",
        sentence=escape(report.sentence()),
        rows=body,
        plot=svg(report),
        version=escape(str(info()["version"])),
    )


def svg(report: Report) -> str:
    """Return the plot as an ``<svg>`` element whose colours and font are the page's; the same report gives the same text."""
    from matplotlib import style
    from matplotlib.figure import Figure

    ink = STAND_INS["ink"]
    colours = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), ink)
    buffer = io.StringIO()
    with style.context(["default", {**colours, "svg.hashsalt": "actfn", "svg.fonttype": "none"}]):
        figure = Figure(figsize=(8, 4), layout="constrained")
        plot(report, figure.add_subplot(), tuple(STAND_INS.values()))
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    text = buffer.getvalue()
    text = re.sub(r"<style.*?</style>|<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    title = escape(f"Error of {report.subject} in ULP against x")
    text = re.sub(r"<svg[^>]*(viewBox=\"[^\"]*\")[^>]*>", rf'<svg \1 role="img" aria-label="{title}">', text)
    text = text.replace("xlink:href", "href")
    for variable, colour in STAND_INS.items():
        text = text.replace(colour, f"var(--{variable})")
    return re.sub(r"\s*\n\s*", "\n", text)


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>Accuracy of {name}</title>
<style>
:root {{ --page: #fbfbfa; --ink: #1b1d20; --grid: #dfe2e6; --within: #0068a8; --above: #c14f00; }}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ --page: #14161a; --ink: #eceef1; --grid: #343941; --within: #62b5f0; --above: #ff9c55; }}
}}
body {{ margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; }}
body {{ background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }}
.passed {{ border-left: 0.3rem solid var(--within); padding-left: 0.7rem; }}
.failed {{ border-left: 0.3rem solid var(--above); padding-left: 0.7rem; }}
p {{ overflow-wrap: anywhere; }}
figure {{ margin: 1.5rem 0; }}
svg {{ display: block; width: 100%; height: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.3rem 0.8rem 0.3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }}
th {{ font-weight: 600; white-space: pre; }}
td {{ overflow-wrap: anywhere; }}
footer {{ margin-top: 1.5rem; font-size: 0.9rem; }}
</style>
</head>
<body>
<h1>Accuracy of {name}</h1>
<p class="{verdict}">{sentence}.</p>
<figure>
{plot}
</figure>
<table>
{rows}
</table>
<footer>Made with actfn {version}. One ULP is the unit in the last place of the exact value.</footer>
</body>
</html>
"""
