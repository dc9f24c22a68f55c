"""Draw activation functions and their derivatives with matplotlib.

Figures are built without pyplot: no window opens, no global state changes, and nothing has to be closed. The same
figure gives the same file, byte for byte.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import DTypeLike

from actfn import catalogue
from actfn.activation import get, is_builtin
from actfn.axes import COLOURS, DASHES, PRIMES, draw, furnish, overlay, shade, subject, words_in
from actfn.curves import check_orders, check_range, sample
from actfn.fonts import cover
from actfn.functions.declare import WITH_KERNELS
from actfn.textbook import REACHES, Textbook, textbook, view
from actfn.textbook import check_format as check_dtype

__all__ = ["COLOURS", "DASHES", "check_format", "plot", "plot_family", "plot_grid", "plot_many", "save"]

if TYPE_CHECKING:
    from actfn.activation import Activation
    from actfn.functions.declare import Interval

LOW, HIGH = -6.0, 6.0

FORMATS = (".png", ".svg")


def plot(
    activation: Activation,
    ax: Axes | None = None,
    orders: Iterable[int] = (0, 1),
    low: float | None = None,
    high: float | None = None,
    *,
    samples: int = 1201,
    saturation: float | None = None,
    textbook: DTypeLike | None = None,
    language: str = "en",
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
    low, high : float, optional
        The range of x: -6 to 6, with `textbook` as wide as is needed to see where that goes wrong.
    samples : int
        About how many points each curve has.
    saturation : float, optional
        Shade where the slope is smaller than this; needs SymPy. See :func:`actfn.properties.saturated`.
    textbook : {"float16", "float32", "float64"}, optional
        Draw also what the formula gives in this format if it is run as it stands, or SymPy's derivative of it. A strip
        above the curves marks, and the legend says, where that overflows, gives NaN or 0, or cancels.
    language : {"en", "zh"}
        The language of the labels. Where no font has Chinese characters they are in English, with a warning.
    **parameters
        The function's parameters.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For an empty or infinite range, an order other than 0, 1 and 2, an unknown format or language, or a function
        without the textbook code that is asked for.
    TypeError
        For an unknown parameter, or `saturation` of a function that is not elementwise.

    Examples
    --------
    >>> import actfn
    >>> axes = plot(actfn.mish, orders=(0, 1, 2))
    >>> axes.get_legend_handles_labels()[1]
    ['mish(x)', 'mish′(x)', 'mish″(x)']
    >>> axes = plot(actfn.softplus, orders=(0,), low=0, high=100, textbook="float32")
    >>> axes.get_legend_handles_labels()[1]
    ['softplus(x)', 'textbook softplus(x) in float32', 'softplus(x): infinite for x > 88.72']
    """
    words, orders = words_in(language), check_orders(orders)
    values = _with_examples(activation, parameters)
    codes: list[Textbook] = []
    if textbook is not None:
        low, high, codes = _textbook_codes(activation, textbook, orders, low, high, parameters)
    low, high = LOW if low is None else low, HIGH if high is None else high
    curves = [sample(activation, order, low, high, samples, **parameters) for order in orders]
    flat = () if saturation is None else _saturated(activation, values, saturation)
    if ax is None:
        ax = Figure(
            figsize=(6.4, 4.2 + 0.2 * sum(len(code.faults) + 1 for code in codes)), layout="constrained"
        ).add_subplot()
    already = len(ax.get_legend_handles_labels()[1])
    for index, curve in enumerate(curves, start=already):
        draw(ax, curve, f"{activation.name}{PRIMES[curve.order]}(x)", index)
    overlay(ax, codes, activation.name, already, words)
    furnish(ax, low, high)
    if saturation is not None:
        shade(ax, flat, saturation, low, high, words)
    if not already:
        ax.set_title(subject(activation, curves[0], words))
    if codes:
        ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.14), fontsize="small", handlelength=3)
    else:
        ax.legend(frameon=False)
    cover(_root(ax.figure))
    return ax


def plot_many(
    activations: Sequence[Activation],
    orders: Iterable[int] = (0, 1),
    low: float = LOW,
    high: float = HIGH,
    *,
    language: str = "en",
    labels: Sequence[str] | None = None,
) -> Figure:
    """Draw several functions together, with one panel for each order.

    Parameters
    ----------
    activations : sequence of Activation
    orders : iterable of int
        The panels: 0 for the functions themselves, 1 and 2 for their derivatives.
    low, high : float
        The range of x.
    language : {"en", "zh"}
        The language of the labels.
    labels : sequence of str, optional
        What the legend calls the functions; their names and parameters by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        For no functions, another number of labels, an empty or infinite range, an order other than 0, 1 and 2, or an
        unknown language.

    Examples
    --------
    >>> import actfn
    >>> figure = plot_many([actfn.relu, actfn.gelu])
    >>> [axes.get_title() for axes in figure.axes]
    ['f(x)', 'f′(x)']
    """
    words, orders = words_in(language), check_orders(orders)
    if not activations:
        raise ValueError("there is no function to draw")
    if labels is not None and len(labels) != len(activations):
        raise ValueError(f"there are {len(activations)} functions and {len(labels)} labels")
    figure = Figure(figsize=(4.4 * len(orders) + 2.2, 4.2), layout="constrained")
    panels = figure.subplots(1, len(orders), squeeze=False)[0]
    for panel, order in zip(panels, orders, strict=True):
        for index, activation in enumerate(activations):
            curve = sample(activation, order, low, high)
            draw(panel, curve, subject(activation, curve, words) if labels is None else labels[index], index)
        furnish(panel, low, high)
        panel.set_title(f"f{PRIMES[order]}(x)")
    handles, shown = panels[0].get_legend_handles_labels()
    figure.legend(handles, shown, loc="outside right upper", frameon=False)
    cover(figure)
    return figure


def plot_family(
    activation: Activation,
    parameter: str,
    values: Iterable[float],
    orders: Iterable[int] = (0, 1),
    low: float = LOW,
    high: float = HIGH,
    *,
    language: str = "en",
    **parameters: Any,
) -> Figure:
    """Draw a function with several values of a parameter, with one panel for each order.

    Parameters
    ----------
    activation : Activation
        Elementwise.
    parameter : str
        The parameter's name.
    values : iterable of float
    orders, low, high, language
        As for `plot_many`.
    **parameters
        The other parameters.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If the function has no such parameter.
    ValueError
        If a value is outside the parameter's domain, or given twice; and as `plot_many`.

    Examples
    --------
    >>> import actfn
    >>> figure = plot_family(actfn.elu, "alpha", [0.5, 1, 2])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['alpha = 0.5', 'alpha = 1', 'alpha = 2']
    """
    chosen = list(values)
    if len(set(map(float, chosen))) < len(chosen):
        raise ValueError(f"{activation.name}: each value of {parameter} is drawn once, got {chosen!r}")
    if activation.kind != "elementwise":
        raise TypeError(f"{activation.name} has no parameter that its curve depends on")
    members = [activation.with_parameters(**{**parameters, parameter: value}) for value in chosen]
    labels = [f"{parameter} = {value:.4g}" for value in chosen]
    figure = plot_many(members, orders, low, high, language=language, labels=labels)
    figure.suptitle(_named(activation, parameters))
    return figure


def plot_grid(
    activations: Sequence[Activation] | None = None,
    orders: Iterable[int] = (0, 1),
    low: float = LOW,
    high: float = HIGH,
    *,
    columns: int | None = None,
    language: str = "en",
) -> Figure:
    """Draw many functions, each in a panel of its own, in the order given.

    Parameters
    ----------
    activations : sequence of Activation, optional
        The commonly used ones by default.
    orders : iterable of int
        Which derivatives each panel shows. Rows and groups have none of order 2, and show the others.
    low, high : float
        The range of x.
    columns : int, optional
        How many panels stand side by side; five at most by default.
    language : {"en", "zh"}
        The language of the labels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        For no functions or columns, an empty or infinite range, an order other than 0, 1 and 2, or an unknown language.

    Examples
    --------
    >>> figure = plot_grid()
    >>> {"elu", "gelu", "gelu_tanh"} <= {axes.get_title() for axes in figure.axes}
    True
    """
    words, orders = words_in(language), check_orders(orders)
    if activations is None:
        activations = [get(name) for name in catalogue.common_names() if is_builtin(get(name))]
    if not activations:
        raise ValueError("there is no function to draw")
    if columns is not None and columns < 1:
        raise ValueError(f"a grid has at least one column, not {columns}")
    across = min(len(activations), 5 if columns is None else columns)
    down = math.ceil(len(activations) / across)
    figure = Figure(figsize=(2.5 * across, 2.1 * down + 0.4), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, activation in zip(panels, activations, strict=False):
        for index, order in enumerate(orders):
            if order < 2 or activation.kind in WITH_KERNELS:
                draw(panel, sample(activation, order, low, high), words[f"order {order}"], index, dot=9)
        furnish(panel, low, high)
        panel.set_xlabel("")
        panel.set_title(_named(activation), fontsize="medium")
        panel.tick_params(labelsize="small")
        panel.locator_params(axis="y", nbins=5)
        panel.locator_params(axis="x", nbins=5, steps=[1, 2, 3, 5, 10])
    for panel in panels[len(activations) :]:
        panel.remove()
    fullest = max(figure.axes, key=lambda panel: len(panel.get_legend_handles_labels()[1]))
    handles, labels = fullest.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    cover(figure)
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
        For another ending; for a PNG with Chinese text where no font has its characters (an SVG then holds text as text).
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
    whole = figure.get_figure(root=True)
    covered, vector = cover(whole), path.suffix.lower() == ".svg"
    if not covered and not vector:
        raise ValueError(
            f"{path}: no font with Chinese characters is installed, so that a PNG would show boxes; install one, such as "
            "Noto Sans CJK SC, or write an SVG"
        )
    metadata: dict[str, str | None] = {"Date": None} if vector else {"Software": None}
    # Where no font can draw its characters, text stays text, for the fonts of who opens the file.
    settings: Any = {"svg.hashsalt": "actfn", "svg.fonttype": "path" if covered else "none"}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        if not covered:
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
        whole.savefig(path, dpi=150, facecolor="white", metadata=metadata)


def check_format(path: Path) -> None:
    """Raise ValueError unless the path ends in a format that `save` writes."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"{path}: a plot is written as {' or '.join(FORMATS)}, so the name must end in one of them")


def _root(figure: Figure | SubFigure) -> Figure:
    root: Figure = figure.get_figure(root=True)
    return root


def _named(activation: Activation, parameters: Mapping[str, Any] | None = None) -> str:
    """Return the name, with the parameters that are not the defaults."""
    own = {name: item.default for name, item in activation.parameters.items()}
    default = {name: item.default for name, item in get(activation.name).parameters.items()}
    changed = {key: value for key, value in {**own, **(parameters or {})}.items() if value != default[key]}
    listed = ", ".join(
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in changed.items()
    )
    return f"{activation.name}({listed})" if listed else activation.name


def _with_examples(activation: Activation, parameters: Mapping[str, Any]) -> dict[str, Any]:
    missing = {key: item.example for key, item in activation.parameters.items() if item.default is None}
    return {**missing, **parameters}


def _saturated(activation: Activation, parameters: Mapping[str, Any], epsilon: float) -> tuple[Interval, ...]:
    from actfn.properties import saturated

    chosen = activation.with_parameters(**parameters) if activation.kind == "elementwise" else activation
    return saturated(chosen, epsilon)


def _textbook_codes(
    activation: Activation,
    dtype: DTypeLike,
    orders: Sequence[int],
    low: float | None,
    high: float | None,
    parameters: Mapping[str, Any],
) -> tuple[float, float, list[Textbook]]:
    """Return the range of x and what the textbook code gives on it."""
    if low is None or high is None:
        reach = REACHES[check_dtype(dtype).name]
        wide = [textbook(activation, dtype, order, -reach, reach, **parameters) for order in orders]
        found = view((fault for code in wide for fault in code.faults), dtype)
        low, high = found[0] if low is None else low, found[1] if high is None else high
    low, high = check_range(low, high)
    return low, high, [textbook(activation, dtype, order, low, high, **parameters) for order in orders]
