"""The report's plots: SVG that takes its colours from the page and repeats byte for byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import StringIO

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .comparison import Outcome
from .findings import VANISHING
from .network import Array, Labels

# Colours that matplotlib draws with, and the page's own, which follow its light or dark scheme.
INK, MUTED, GRID, BAND, FIRST, SECOND = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
ON_THE_PAGE = {INK: "ink", MUTED: "muted", GRID: "grid", BAND: "band", FIRST: "first", SECOND: "second"}

METADATA = ("Creator", "Date", "Format", "Type")

SETTINGS = {
    "svg.hashsalt": "actfn",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def accuracy_plot(outcomes: Sequence[Outcome]) -> str:
    """Test accuracy: a bar of one standard deviation to each side, the mean, and every seed."""
    with canvas():
        figure, ax = rows_figure(outcomes)
        for row, outcome in enumerate(outcomes):
            percent = 100 * np.array(outcome.accuracies)
            spread = 100 * (outcome.spread or 0.0)
            ax.barh(row, 2 * spread, left=percent.mean() - spread, height=0.62, color=BAND)
            ax.plot(percent, np.full(len(percent), row), "o", color=FIRST, markersize=3.5, linestyle="none")
            ax.plot([percent.mean()] * 2, [row - 0.31, row + 0.31], color=INK, linewidth=1.6)
        ax.set_xlabel("test accuracy, %")
        return svg(figure, "accuracy", "Test accuracy of each function, with its spread over the seeds")


def gradient_ratio_plot(outcomes: Sequence[Outcome]) -> str:
    """First layer's gradient norm over the last layer's, before training, on a logarithmic axis."""
    with canvas():
        figure, ax = rows_figure(outcomes)
        ratios = np.array([outcome.gradient_ratio for outcome in outcomes])
        drawn = ratios[np.isfinite(ratios) & (ratios > 0)]
        low, high = min(drawn.min(initial=1), VANISHING) / 3, max(drawn.max(initial=1), 10.0) * 3
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        ax.axvspan(low, VANISHING, color=BAND, linewidth=0)
        ax.axvline(1, color=MUTED, linewidth=0.8)
        for row, ratio in enumerate(ratios):
            if ratio > 0:
                ax.plot([1, ratio], [row, row], color=FIRST, linewidth=1.2)
                ax.plot([ratio], [row], "o", color=FIRST, markersize=4.5)
            else:
                text = "none arrives" if ratio == 0 else "–"
                ax.annotate(text, (low, row), (4, 0), textcoords="offset points", va="center", color=MUTED)
        ax.set_xlabel("gradient norm, first layer / last layer")
        return svg(figure, "ratio", "Gradient norm of the first layer over that of the last, before training")


def health_plot(outcomes: Sequence[Outcome]) -> str:
    """Shares of dead units and of saturated entries at the end."""
    with canvas():
        figure, ax = rows_figure(outcomes)
        for row, outcome in enumerate(outcomes):
            for share, offset, colour in ((outcome.dead, -0.2, SECOND), (outcome.saturated, 0.2, FIRST)):
                if share is None:
                    ax.annotate("–", (0, row + offset), (4, 0), textcoords="offset points", va="center", color=MUTED)
                else:
                    ax.barh(row + offset, 100 * share, height=0.36, color=colour)
        ax.barh(0, 0, color=SECOND, label="dead units")
        ax.barh(0, 0, color=FIRST, label="saturated entries")
        ax.set_xlim(0, 100)
        ax.set_xlabel("share, %")
        figure.legend(loc="outside upper center", ncols=2)
        return svg(figure, "health", "Shares of dead units and of saturated entries of each function")


def learning_plot(outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    """Test accuracy after every epoch, mean and range over the seeds, before the range of all functions' means."""
    means = np.array([100 * other.curve("test_accuracy").mean(axis=0) for other in outcomes])
    own = 100 * outcome.curve("test_accuracy")
    epochs = np.arange(own.shape[1])
    with canvas():
        figure, ax = small_figure()
        background(ax, epochs, means)
        ax.fill_between(epochs, own.min(axis=0), own.max(axis=0), color=FIRST, alpha=0.3, linewidth=0)
        ax.plot(epochs, own.mean(axis=0), color=FIRST, linewidth=1.6)
        ax.set_ylim(0, 100)
        ax.set_xlim(0, epochs[-1])
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.set_xlabel("epoch")
        ax.set_title("test accuracy, %", loc="left", color=MUTED)
        return svg(figure, f"learning-{outcome.name}", f"Learning curve of {outcome.name}")


def gradient_plot(outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    """Gradient norm of every layer before and after training, on one logarithmic axis for all functions."""
    before, after = outcome.gradient_norms(0), outcome.gradient_norms(-1)
    starts = np.array([other.gradient_norms(0) for other in outcomes])
    everything = np.array([[other.gradient_norms(0), other.gradient_norms(-1)] for other in outcomes])
    drawn = everything[np.isfinite(everything) & (everything > 0)]
    layers = np.arange(1, len(before) + 1)
    with canvas():
        figure, ax = small_figure()
        ax.set_yscale("log")
        ax.set_ylim(drawn.min(initial=0.1) / 2, drawn.max(initial=1) * 2)
        background(ax, layers, starts)
        ax.plot(layers, before, "o-", color=FIRST, linewidth=1.6, markersize=3, label="before")
        ax.plot(layers, after, "s--", color=SECOND, linewidth=1.2, markersize=3, label="after")
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.set_xlabel("layer")
        ax.set_title("gradient norm", loc="left", color=MUTED)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=2, handlelength=1.6, columnspacing=1, borderpad=0)
        return svg(figure, f"gradient-{outcome.name}", f"Gradient norm by layer of {outcome.name}")


def rows_figure(outcomes: Sequence[Outcome]) -> tuple[Figure, Axes]:
    """A figure with one row for each function."""
    figure = Figure(figsize=(4.4, 0.9 + 0.25 * len(outcomes)))
    ax = figure.add_subplot()
    ax.set_yticks(range(len(outcomes)), [outcome.name for outcome in outcomes])
    ax.set_ylim(len(outcomes) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    return figure, ax


def small_figure() -> tuple[Figure, Axes]:
    """One of the many small panels."""
    figure = Figure(figsize=(3.1, 2.1))
    ax = figure.add_subplot()
    ax.grid()
    return figure, ax


def background(ax: Axes, x: Labels, curves: Array) -> None:
    """The range of all functions' curves."""
    if len(curves) > 1:
        ax.fill_between(x, curves.min(axis=0), curves.max(axis=0), color=BAND, linewidth=0)


def canvas() -> AbstractContextManager[None]:
    """matplotlib's own defaults and `SETTINGS`, whatever the user's configuration is."""
    return style.context(["default", SETTINGS])


def svg(figure: Figure, name: str, title: str) -> str:
    """The figure as an ``<svg>`` element: ids begin with `name`, colours and font are the page's."""
    buffer = StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=dict.fromkeys(METADATA))
    text = buffer.getvalue()
    text = re.sub(r"<style.*?</style>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<svg[^>]*(viewBox=\S+ \S+ \S+ \S+)[^>]*>", rf'<svg \1 role="img" aria-label="{title}">', text)
    text = re.sub(r" font-family: [^;\"]*;", "", text)
    for colour, variable in ON_THE_PAGE.items():
        text = text.replace(colour, f"var(--{variable})")
    used = set(re.findall(r"#(\w+)[\")]", text))
    text = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r"xlink:href=\"#", f'href="#{name}-', text).replace("url(#", f"url(#{name}-")
    return re.sub(r"\s*\n\s*", "\n", text)
