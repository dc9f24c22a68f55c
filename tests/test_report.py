"""What a report says of a check: its figures as text, plot, JSON and page, with planted errors that must show."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import actfn
from actfn.accuracy import Report, views
from actfn.accuracy.formats import FORMATS
from actfn.accuracy.tally import Tally

Array = np.ndarray[Any, Any]


def planted(change: Callable[[Array, Array], None]) -> Callable[[Array], Array]:
    """Return gelu with something changed in its result."""

    def gelu(x: Array) -> Array:
        y = np.array(actfn.gelu(x))
        change(x, y)
        return y

    return gelu


def three_more(x: Array, y: Array) -> None:
    there = (x >= 16) & (x < 31)
    y[there] = (y[there].view(np.uint16) + 3).view(np.float16)


def nan_at_one_place(x: Array, y: Array) -> None:
    y[x == 0.5] = np.nan


def zero_of_the_wrong_sign(x: Array, y: Array) -> None:
    y[(x == 0) & np.signbit(x)] = 0.0


def infinity_at_the_end(x: Array, y: Array) -> None:
    y[x == 65504] = np.inf


def flushed(x: Array, y: Array) -> None:
    y[(y != 0) & (np.abs(y) < 2.0**-14)] *= 0


def subnormals() -> int:
    """Return how many results of float16 are subnormal, but for those that may be rounded to zero."""
    exact = np.abs(actfn.gelu(np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)))
    rounded = exact.astype(np.float16)
    return int(np.count_nonzero((rounded > 0) & (rounded < 2.0**-14) & (exact > 2.0**-24)))


def checked(change: Callable[[Array, Array], None]) -> Report:
    return actfn.check(planted(change), "gelu", dtype="float16", max_ulp=1)


def figures(report: Report) -> dict[str, str]:
    return {line[:20].strip(): line[20:] for line in report.table().splitlines()}


@pytest.fixture(scope="module")
def good() -> Report:
    return actfn.check(actfn.gelu, "gelu", dtype="float16", max_ulp=1)


@pytest.fixture(scope="module")
def bad() -> Report:
    return checked(three_more)


def test_the_table_has_every_figure(good: Report) -> None:
    assert [line[:20].rstrip() for line in good.table().splitlines()] == [
        "checked",
        "against",
        "dtype",
        "points",
        "largest error",
        "  reference's own",
        "  x",
        "  got",
        "  exact",
        "99.9% of errors",
        "mean error",
        "correctly rounded",
        "first bad interval",
        "wrong NaN",
        "wrong infinity",
        "wrong zero sign",
        "flushed",
        "not monotone",
        "not symmetric",
        "at kinks",
        "bound",
        "verdict",
    ]
    shown = figures(good)
    assert shown["points"] == "65,536, every number"
    assert shown["correctly rounded"] == "100%"
    assert shown["first bad interval"] == "none"
    assert shown["verdict"] == "passed"


def test_three_units_in_one_binade_are_found_with_their_place(bad: Report) -> None:
    assert not bad.ok
    assert bad.max_ulp == 3.0
    assert bad.worst is not None and 16 <= bad.worst["x"] < 32
    shown = figures(bad)
    assert shown["first bad interval"] == "16.0 (0x1.0000000000000p+4) to 30.984375 (0x1.efc0000000000p+4)"
    assert shown["x"] == f"{bad.worst['x']!r} ({bad.worst['x'].hex()})"
    assert shown["verdict"] == "FAILED: 3 ULP"


@pytest.mark.parametrize(
    ("change", "name", "kind", "count"),
    [
        (nan_at_one_place, "wrong NaN", "wrong_nan", 1),
        (zero_of_the_wrong_sign, "wrong zero sign", "wrong_zero_sign", 1),
        (infinity_at_the_end, "wrong infinity", "wrong_infinity", 1),
        (flushed, "flushed", "flushed", subnormals()),
    ],
)
def test_a_planted_fault_is_found(change: Callable[[Array, Array], None], name: str, kind: str, count: int) -> None:
    report = checked(change)
    assert not report.ok
    assert report.faults[kind] == count
    first = report.tally.first[kind]
    assert figures(report)[name] == f"{count:,}, first at {first!r} ({first.hex()})"
    assert repr(first) in report.sentence() and report.as_dict()["first_faults"][kind] == [repr(first), first.hex()]
    assert name in figures(report)["verdict"]


def test_results_at_kinks_are_counted_and_pass() -> None:
    def slope(x: Array) -> Array:
        return np.where(np.isnan(x), x, np.where(x == 0, 0.5, x > 0)).astype(x.dtype)

    report = actfn.check(slope, "relu", order=1, dtype="float16", max_ulp=0)
    assert report.ok
    assert figures(report)["at kinks"].startswith("2 ")


def test_a_report_of_nothing_can_be_shown() -> None:
    report = Report("nothing", "gelu", 0, "float32", 4.0, False, Tally(FORMATS["float32"]))
    assert "correctly rounded   none judged" in report.table()
    assert json.loads(report.to_json())["mean_ulp"] == "nan"
    assert "<svg" in report.to_html()


def test_the_json_is_strict_and_has_hexadecimal_floats(bad: Report) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    data = json.loads(bad.to_json(), parse_constant=refuse)
    assert data["actfn"] == actfn.info()["version"]
    assert (data["ok"], data["bound"], data["exhaustive"], data["count"]) == (False, 1.0, True, 65536)
    assert data["max_ulp"] == bad.max_ulp
    for key in ("x", "got", "exact"):
        assert float.fromhex(data["worst"][f"{key}_hex"]) == data["worst"][key]
    assert data["faults"] == bad.faults


def test_the_json_writes_an_infinite_worst_point_as_text() -> None:
    def half_at_infinity(x: Array) -> Array:
        return np.where(x == np.inf, 0.5, actfn.sigmoid(x)).astype(x.dtype)

    report = actfn.check(half_at_infinity, "sigmoid", dtype="float16")
    assert json.loads(report.to_json())["worst"]["x"] == "inf"
    assert report.plot().get_legend_handles_labels()[1][-1].endswith("at x = inf")


def test_the_plot_shows_errors_bound_and_worst_point(bad: Report) -> None:
    axes = bad.plot()
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["bound, 1 ULP"].get_ydata()) == [1.0, 1.0]
    x, errors = (np.asarray(part) for part in lines["above the bound"].get_data())
    assert len(x) and np.all((16 <= x) & (x < 32)) and np.all(errors > 1)
    assert bad.worst is not None
    (ring,) = (line for label, line in lines.items() if str(label).startswith("largest"))
    assert (float(ring.get_xdata()[0]), float(ring.get_ydata()[0])) == (bad.worst["x"], bad.max_ulp)
    assert axes.get_yscale() == "log"
    assert axes.get_title() == f"{bad.subject} as gelu, value, float16"


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_axis_holds_every_number_of_a_format_in_order(dtype: str) -> None:
    form = FORMATS[dtype]
    axes = Report("nothing", "gelu", 0, dtype, 4.0, False, Tally(form)).plot()
    largest = np.ldexp(2 - 2.0 ** (1 - form.digits), form.largest_exponent)
    smallest = np.ldexp(1.0, form.smallest_exponent)
    points = np.array([-largest, -1.0, -smallest, 0.0, smallest, 1.0, largest])
    across = axes.transData.transform(np.column_stack([points, np.ones(7)]))[:, 0]
    assert np.all(np.diff(across) > 0)
    assert np.allclose(across + across[::-1], 2 * across[3])
    left, right = axes.get_window_extent().get_points()[:, 0]
    assert left - 1 <= across[0] and across[-1] <= right + 1


def test_the_plot_is_drawn_where_it_is_asked_to_be(good: Report) -> None:
    axes = Figure().add_subplot()
    assert good.plot(axes) is axes
    assert len(axes.lines) == 3
    axes.figure.savefig(io.BytesIO(), format="png")


def test_neither_pyplot_nor_matplotlib_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, actfn; r = actfn.check(actfn.relu, 'relu', dtype='float16'); r.table(); r.to_json();"
        "assert 'matplotlib' not in sys.modules; r.plot(); r.to_html(); assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


class Page(HTMLParser):
    """The cells and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] in ("th", "td") and data.strip():
            self.cells.append(data)


def test_the_page_has_every_figure_and_the_plot(bad: Report) -> None:
    page = Page(bad.to_html())
    assert list(zip(page.cells[::2], page.cells[1::2])) == views.rows(bad)
    assert page.tags.count("svg") == 1
    assert not {"script", "img", "iframe"} & set(page.tags)


def test_the_page_needs_nothing_else_and_follows_light_and_dark(bad: Report) -> None:
    text = bad.to_html()
    assert "://" not in text
    assert "prefers-color-scheme: dark" in text
    colours = set(re.findall(r"#[0-9a-f]{6}", text[text.index("<svg") :]))
    assert colours <= {"#ffffff"}, colours
    assert {f"var(--{name})" for name in ("ink", "grid", "within", "above")} <= set(re.findall(r"var\(--\w+\)", text))


def test_the_page_is_the_same_every_time(bad: Report) -> None:
    assert bad.to_html() == checked(three_more).to_html()


def test_names_are_escaped_on_the_page() -> None:
    report = Report("<b>&x", "gelu", 0, "float32", 4.0, False, Tally(FORMATS["float32"]))
    text = report.to_html()
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;x" in text


@pytest.mark.parametrize(
    ("part", "text"), [(1.0, "100%"), (0.9999999999, "99.99999%"), (0.5, "50.00000%"), (0.0, "0.00000%")]
)
def test_a_share_is_never_rounded_up_to_all(part: float, text: str) -> None:
    assert views.share(part) == text
