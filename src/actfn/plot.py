"""Draw activation functions and their derivatives with matplotlib.

Figures are built without pyplot: no window opens, no global state changes, and nothing has to be closed. The same
figure gives the same file, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from actfn.curves import Curve, check_orders, sample

if TYPE_CHECKING:
    from actfn.activation import Activation

# Colours that stay apart under every common colour blindness (Okabe and Ito), without the yellow, faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")
# Five patterns and seven colours share no factor: the first 35 curves all differ, in grey as well within each five.
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.5), (1.2, 1.2), (6, 1.5, 1.2, 1.5), (9, 3))
PRIMES = ("", "′", "″")
FORMATS = (".png", ".svg")


def plot(
    activation: Activation,
    ax: Axes | None = None,
    orders: Iterable[int] = (0, 1),
    low: float = -6.0,
    high: float = 6.0,
    *,
    samples: int = 1201,
    **parameters: Any,
) -> Axes:
    """Draw a function and its derivatives.

    Where a derivative jumps, the curve is interrupted; a filled dot marks the value that ``derivative`` returns there
    and a hollow dot the one-sided limit that it does not. Softmax is drawn as the first component of the row
    ``(x, 0)``, maxout as the group ``(x, -x/2)``; a parameter without a default is drawn at its example; the title says so.

    Parameters
    ----------
    activation : Activation
    ax : matplotlib.axes.Axes, optional
        Where to draw, beside what is there. Without it a new figure is made; it is the ``figure`` of the result.
    orders : iterable of int
        Which derivatives to draw: 0 for the function itself, 1, 2.
    low, high : float
        The range of x.
    samples : int
        About how many points each curve has.
    **parameters
        The function's parameters.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For an empty or infinite range, or an order other than 0, 1 and 2.

    Examples
    --------
    >>> import actfn
    >>> axes = plot(actfn.mish, orders=(0, 1, 2))
    >>> axes.get_legend_handles_labels()[1]
    ['mish(x)', 'mish′(x)', 'mish″(x)']
    """
    curves = [sample(activation, order, low, high, samples, **parameters) for order in check_orders(orders)]
    if ax is None:
        ax = Figure(figsize=(6.4, 4.2), layout="constrained").add_subplot()
    already = len(ax.get_legend_handles_labels()[1])
    for index, curve in enumerate(curves, start=already):
        _draw(ax, curve, f"{activation.name}{PRIMES[curve.order]}(x)", index)
    _furnish(ax, low, high)
    if not already:
        ax.set_title(curves[0].subject)
    ax.legend(frameon=False)
    return ax


def plot_many(
    activations: Sequence[Activation], orders: Iterable[int] = (0, 1), low: float = -6.0, high: float = 6.0
) -> Figure:
    """Draw several functions together, with one panel for each order.

    Parameters
    ----------
    activations : sequence of Activation
    orders : iterable of int
        The panels: 0 for the functions themselves, 1 and 2 for their derivatives.
    low, high : float
        The range of x.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        For no functions, an empty or infinite range, or an order other than 0, 1 and 2.

    Examples
    --------
    >>> import actfn
    >>> figure = plot_many([actfn.relu, actfn.gelu])
    >>> [axes.get_title() for axes in figure.axes]
    ['f(x)', 'f′(x)']
    """
    orders = check_orders(orders)
    if not activations:
        raise ValueError("there is no function to draw")
    figure = Figure(figsize=(4.4 * len(orders) + 2.2, 4.2), layout="constrained")
    panels = figure.subplots(1, len(orders), squeeze=False)[0]
    for panel, order in zip(panels, orders, strict=True):
        for index, activation in enumerate(activations):
            curve = sample(activation, order, low, high)
            _draw(panel, curve, curve.subject, index)
        _furnish(panel, low, high)
        panel.set_title(f"f{PRIMES[order]}(x)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False)
    return figure


def save(figure: Figure | SubFigure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG or SVG, by the ending of the path.

    The file depends on nothing but the figure: it holds no date, and the names inside an SVG do not change.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The whole figure is written, also when a part of one is given.
    path : path-like
        Ends in ``.png`` or ``.svg``.

    Raises
    ------
    ValueError
        For another ending.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import actfn, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(plot(actfn.tanh).figure, pathlib.Path(folder, "tanh.svg"))
    """
    path = Path(path)
    check_format(path)
    metadata: dict[str, str | None] = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "actfn", "svg.fonttype": "path"}):
        figure.get_figure(root=True).savefig(path, dpi=150, facecolor="white", metadata=metadata)


def check_format(path: Path) -> None:
    """Raise ValueError unless the path ends in a format that `save` writes."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"{path}: a plot is written as {' or '.join(FORMATS)}, so the name must end in one of them")


def _draw(ax: Axes, curve: Curve, label: str, index: int) -> None:
    colour = COLOURS[index % len(COLOURS)]
    (line,) = ax.plot(curve.x, curve.y, color=colour, linewidth=1.8, label=label)
    if dashes := DASHES[index % len(DASHES)]:
        line.set_dashes(dashes)
    for jump in curve.jumps:
        for limit in {jump.left, jump.right} - {jump.chosen}:
            _dot(ax, jump.x, limit, colour, face="white")
        _dot(ax, jump.x, jump.chosen, colour, face=colour)


def _dot(ax: Axes, x: float, y: float, colour: str, face: str) -> None:
    """Mark the end of a piece; a collection, so that the lines of the axes remain the curves."""
    ax.scatter([x], [y], s=22, facecolors=face, edgecolors=colour, linewidths=1.2, zorder=3)


def _furnish(ax: Axes, low: float, high: float) -> None:
    ax.set_xlim(low, high)
    ax.set_xlabel("x")
    ax.grid(True, color="#E4E4E4", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.axhline(0, color="#9A9A9A", linewidth=0.8, zorder=0.5)
    if low < 0 < high:
        ax.axvline(0, color="#9A9A9A", linewidth=0.8, zorder=0.5)
    ax.spines[["top", "right"]].set_visible(False)
