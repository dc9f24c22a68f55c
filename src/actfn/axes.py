"""What stands on the axes of a plot: curves and their jumps, shaded stretches, strips of faults, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from actfn.curves import Curve
from actfn.explained import LANGUAGES
from actfn.fonts import language_with_font
from actfn.textbook import Textbook

if TYPE_CHECKING:
    from actfn.activation import Activation
    from actfn.functions.declare import Interval

# Colours that stay apart under every common colour blindness (Okabe and Ito), without the yellow, faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")
# Five patterns and seven colours share no factor: the first 35 curves all differ, in grey as well within each five.
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.5), (1.2, 1.2), (6, 1.5, 1.2, 1.5), (9, 3))
PRIMES = ("", "′", "″")
HATCHES = {"nan": "xxxx", "overflow": "////", "zero": "....", "cancellation": "\\\\\\\\"}
STRIP = 0.035  # the height of a strip of faults, as a share of the axes
WORDS = {
    "en": {
        "language": "en",
        "simplex": "{name} of the row (x, 0), first component",
        "grouped": "{name} of the group (x, −x/2)",
        "saturated": "saturated: |f′(x)| < {epsilon:g}",
        "nowhere": "nowhere saturated here: |f′(x)| ≥ {epsilon:g}",
        "textbook": "textbook {label} in {dtype}",
        "no fault": "textbook {label} in {dtype}: no fault here",
        "order 0": "function f(x)",
        "order 1": "derivative f′(x)",
        "order 2": "second derivative f″(x)",
    },
    "zh": {
        "language": "zh",
        "simplex": "行 (x, 0) 的 {name} 的第一个分量",
        "grouped": "组 (x, −x/2) 的 {name}",
        "saturated": "饱和：|f′(x)| < {epsilon:g}",
        "nowhere": "此范围内不饱和：|f′(x)| ≥ {epsilon:g}",
        "textbook": "教科书写法的 {label}，{dtype}",
        "no fault": "教科书写法的 {label}，{dtype}：此范围内无误",
        "order 0": "函数 f(x)",
        "order 1": "导数 f′(x)",
        "order 2": "二阶导数 f″(x)",
    },
}


def words_in(language: str) -> dict[str, str]:
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is unknown; known are {', '.join(LANGUAGES)}")
    return WORDS[language_with_font(language)]


def subject(activation: Activation, curve: Curve, words: Mapping[str, str]) -> str:
    return words[activation.kind].format(name=activation.name) if activation.kind in words else curve.subject


def shade(
    ax: Axes, flat: Sequence[Interval], epsilon: float, low: float, high: float, words: Mapping[str, str]
) -> None:
    """Shade the saturated stretches that are in sight, and name them in the legend once."""
    seen = [(max(low, one.low), min(high, one.high)) for one in flat if one.low < high and one.high > low]
    for index, (left, right) in enumerate(seen):
        label = "_" if index else words["saturated"].format(epsilon=epsilon)
        ax.axvspan(left, right, facecolor="#D9D9D9", alpha=0.6, linewidth=0, zorder=0.2, label=label)
    if not seen:
        ax.plot([], [], linestyle="none", label=words["nowhere"].format(epsilon=epsilon))


def overlay(ax: Axes, codes: Sequence[Textbook], name: str, index: int, words: Mapping[str, str]) -> None:
    """Draw what textbook code gives behind the curves, and for each curve a strip above them all where it is wrong."""
    for row, code in enumerate(codes, start=index):
        key = "textbook" if code.faults else "no fault"
        label = words[key].format(label=f"{name}{PRIMES[code.order]}(x)", dtype=code.dtype.name)
        finite = np.where(np.isfinite(code.y), code.y, np.nan)
        colour = COLOURS[row % len(COLOURS)]
        ax.plot(code.x, finite, color=colour, alpha=0.3, linewidth=6, solid_capstyle="butt", zorder=1.5, label=label)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, bottom + (top - bottom) / (1 - 1.4 * STRIP * len(codes)))
    for row, code in enumerate(codes):
        for fault in code.faults:
            ax.axvspan(
                fault.low,
                fault.high,
                ymin=1 - STRIP - 1.4 * STRIP * row,
                ymax=1 - 1.4 * STRIP * row,
                facecolor="white",
                edgecolor=COLOURS[(index + row) % len(COLOURS)],
                hatch=HATCHES[fault.kind],
                linewidth=0.8,
                zorder=2.5,
                label=f"{name}{PRIMES[code.order]}(x): {code.told(fault, words['language'])}",
            )


def draw(ax: Axes, curve: Curve, label: str, index: int, dot: float = 22) -> None:
    colour = COLOURS[index % len(COLOURS)]
    (line,) = ax.plot(curve.x, curve.y, color=colour, linewidth=1.8, label=label)
    if dashes := DASHES[index % len(DASHES)]:
        line.set_dashes(dashes)
    for jump in curve.jumps:
        for limit in {jump.left, jump.right} - {jump.chosen}:
            _dot(ax, jump.x, limit, colour, "white", dot)
        _dot(ax, jump.x, jump.chosen, colour, colour, dot)


def _dot(ax: Axes, x: float, y: float, colour: str, face: str, size: float) -> None:
    """Mark the end of a piece; a collection, so that the lines of the axes remain the curves."""
    ax.scatter([x], [y], s=size, facecolors=face, edgecolors=colour, linewidths=1.2, zorder=3)


def furnish(ax: Axes, low: float, high: float) -> None:
    ax.set_xlim(low, high)
    ax.set_xlabel("x")
    ax.grid(True, color="#E4E4E4", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.axhline(0, color="#9A9A9A", linewidth=0.8, zorder=0.5)
    if low < 0 < high:
        ax.axvline(0, color="#9A9A9A", linewidth=0.8, zorder=0.5)
    ax.spines[["top", "right"]].set_visible(False)
