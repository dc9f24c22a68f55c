"""Draw curves as inline SVG: shapes that the page colours, and text that the reader's own fonts show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from actfn.curves import Curve, Jump

FloatArray = NDArray[np.float64]

WIDTH, HEIGHT = 480, 320
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 44  # the margins, which hold the labels of the axes
STYLES = 7  # how many colours and dashes the style sheet has
FLAT = 0.05  # points are left out if the line without them passes this near, in units of the drawing
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Line:
    """A curve with its name; NaN interrupts it."""

    label: str
    x: FloatArray
    y: FloatArray
    jumps: tuple[Jump, ...] = ()

    @classmethod
    def of(cls, curve: Curve, label: str) -> Line:
        """Return a sampled curve under a name."""
        return cls(label, curve.x, curve.y, curve.jumps)


def figure(
    lines: Sequence[Line],
    caption: str,
    description: str,
    *,
    across: str = "x",
    powers_of_ten: bool = False,
    shaded: Sequence[tuple[float, float]] = (),
    shade_label: str = "",
) -> Markup:
    """Return an HTML figure: the drawing, a legend and a caption.

    Parameters
    ----------
    lines : sequence of Line
        At most seven, each drawn in a colour and with dashes of its own.
    caption : str
        What everyone reads below the drawing.
    description : str
        What stands for the drawing where it cannot be seen.
    across : str
        The label of the horizontal axis.
    powers_of_ten : bool
        Whether y holds decimal logarithms.
    shaded : sequence of (float, float)
        Stretches of x to shade, as far as they are in sight.
    shade_label : str
        What the legend says of them.

    Examples
    --------
    >>> import actfn
    >>> from actfn.curves import sample
    >>> drawn = figure([Line.of(sample(actfn.relu, 1), "relu′(x)")], "The slope", "0 up to 0, then 1")
    >>> drawn.count('class="curve'), drawn.count("<circle")
    (1, 2)
    """
    if len(lines) > STYLES:
        raise ValueError(f"a drawing has at most {STYLES} lines, not {len(lines)}")
    legend = _legend([line.label for line in lines], shade_label if shaded else "") if len(lines) > 1 or shaded else ""
    drawn = chart(lines, description, across, powers_of_ten, shaded)
    return Markup(f"<figure>{drawn}{legend}<figcaption>{escape(caption)}</figcaption></figure>")


def chart(
    lines: Sequence[Line],
    description: str,
    across: str = "x",
    powers_of_ten: bool = False,
    shaded: Sequence[tuple[float, float]] = (),
) -> Markup:
    """Return the drawing alone."""
    low, high = min(float(line.x[0]) for line in lines), max(float(line.x[-1]) for line in lines)
    bottom, top = _extent([line.y for line in lines])
    place = _Place(low, high, bottom, top)
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(description)}">']
    for left, right in shaded:
        left, right = place.across(max(left, low)), place.across(min(right, high))
        parts.append(f'<path class="shade" d="M{left:.1f} {TOP}H{right:.1f}V{HEIGHT - BOTTOM}H{left:.1f}Z"/>')
    for tick in ticks(low, high):
        parts.append(_rule(place.across(tick), None, tick == 0 and low < 0))
        parts.append(_text(place.across(tick), HEIGHT - BOTTOM + 18, _number(tick), "middle"))
    for tick in ticks(bottom, top, whole=powers_of_ten):
        parts.append(_rule(None, place.down(tick), tick == 0 and not powers_of_ten))
        label = f"10{str(round(tick)).translate(SUPERSCRIPTS)}" if powers_of_ten else _number(tick)
        parts.append(_text(LEFT - 7, place.down(tick) + 4.5, label, "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, across, "middle"))
    for index, line in enumerate(lines):
        parts.append(f'<path class="curve style-{index}" d="{_path(line, place)}"/>')
        for jump in line.jumps:
            hollow = [limit for limit in sorted({jump.left, jump.right}) if limit != jump.chosen]
            parts += [_dot(place, jump.x, limit, index, "hollow") for limit in hollow]
            parts.append(_dot(place, jump.x, jump.chosen, index, "filled"))
    return Markup("".join(parts) + "</svg>")


def sparkline(curve: Curve) -> Markup:
    """Return a small drawing without labels, which a reader who cannot see it need not know of."""
    bottom, top = _extent([curve.y])
    place = _Place(float(curve.x[0]), float(curve.x[-1]), bottom, top, (4, 4, 4, 4), (120, 72))
    zero = f'<path class="axis" d="M4 {place.down(0):.1f}H116M{place.across(0):.1f} 4V68"/>'
    path = _path(Line("", curve.x, curve.y), place)
    return Markup(
        f'<svg class="sparkline" viewBox="0 0 120 72" aria-hidden="true">{zero}<path class="curve" d="{path}"/></svg>'
    )


def panel(curves: Sequence[Curve], description: str) -> Markup:
    """Return a small drawing of a function and its derivatives, for a grid of many."""
    bottom, top = _extent([curve.y for curve in curves])
    place = _Place(float(curves[0].x[0]), float(curves[0].x[-1]), bottom, top, (30, 6, 6, 20), (180, 120))
    parts = [f'<svg class="chart panel" viewBox="0 0 180 120" role="img" aria-label="{escape(description)}">']
    parts.append(f'<path class="axis" d="M30 {place.down(0):.1f}H174M{place.across(0):.1f} 6V100"/>')
    for tick in (place.low, 0.0, place.high):
        parts.append(_text(place.across(tick), 114, _number(tick), "middle"))
    for tick in ticks(bottom, top)[::2]:
        parts.append(_text(26, place.down(tick) + 4, _number(tick), "end"))
    for index, curve in enumerate(curves):
        parts.append(f'<path class="curve style-{index}" d="{_path(Line.of(curve, ""), place)}"/>')
        for jump in curve.jumps:
            hollow = [limit for limit in sorted({jump.left, jump.right}) if limit != jump.chosen]
            parts += [_dot(place, jump.x, limit, index, "hollow", 2.2) for limit in hollow]
            parts.append(_dot(place, jump.x, jump.chosen, index, "filled", 2.2))
    return Markup("".join(parts) + "</svg>")


def grid(panels: Sequence[tuple[str, str, Markup]], labels: Sequence[str], caption: str) -> Markup:
    """Return a figure of many panels, each with its name and the page that it leads to, and one legend."""
    items = "".join(
        f'<li><a href="{escape(page)}"><code>{escape(name)}</code>{drawn}</a></li>' for name, page, drawn in panels
    )
    return Markup(f'<figure class="overview"><ul class="panels">{items}</ul>{_legend(labels)}') + Markup(
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _legend(labels: Sequence[str], shade_label: str = "") -> str:
    swatch = '<svg class="swatch" viewBox="0 0 32 8" aria-hidden="true"><path class="{}" d="{}"/></svg>'
    entries = [
        f"<li>{swatch.format(f'curve style-{i}', 'M0 4H32')}{escape(label)}</li>" for i, label in enumerate(labels)
    ]
    if shade_label:
        entries.append(f"<li>{swatch.format('shade', 'M0 0H32V8H0Z')}{escape(shade_label)}</li>")
    return f'<ul class="legend">{"".join(entries)}</ul>'


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Return round numbers within a range, about six of them.

    Examples
    --------
    >>> ticks(-6, 6)
    [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0]
    """
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * multiple for multiple in (1, 2, 2.5, 5, 10) if power * multiple >= rough * 0.999)
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, last + 1)]


class _Place:
    """Where a point of the plane lies on the drawing."""

    def __init__(
        self,
        low: float,
        high: float,
        bottom: float,
        top: float,
        margins: tuple[int, int, int, int] = (LEFT, RIGHT, TOP, BOTTOM),
        size: tuple[int, int] = (WIDTH, HEIGHT),
    ) -> None:
        self.low, self.high, self.bottom, self.top = low, high, bottom, top
        self.left, self.right, self.above, self.below = margins
        self.width, self.height = size[0] - self.left - self.right, size[1] - self.above - self.below

    def across(self, x: float) -> float:
        return self.left + self.width * (x - self.low) / (self.high - self.low)

    def down(self, y: float) -> float:
        return self.above + self.height * (self.top - y) / (self.top - self.bottom)


def _extent(values: Sequence[FloatArray]) -> tuple[float, float]:
    """Return a range of y that holds every value and 0, with some room."""
    joined = np.concatenate(values)
    finite = joined[np.isfinite(joined)]
    bottom, top = min(0.0, float(finite.min())), max(0.0, float(finite.max()))
    if top - bottom < 1e-9:
        bottom, top = -1.0, 1.0
    room = 0.04 * (top - bottom)
    return bottom - room, top + room


def _path(line: Line, place: _Place) -> str:
    """Return the path of a line; neighbours on a straight stretch are joined at once."""
    commands, piece = [], []
    for x, y in [*zip(line.x.tolist(), line.y.tolist(), strict=True), (math.nan, math.nan)]:
        if math.isfinite(y):
            piece.append((place.across(x), place.down(y)))
            continue
        kept = _without_flat(piece)
        commands += [f"{'L' if index else 'M'}{a:.1f} {b:.1f}" for index, (a, b) in enumerate(kept)]
        piece = []
    return "".join(commands)


def _without_flat(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return as few of the points as keep the line where it is: halve it where it bends most, until it hardly does."""
    if len(points) < 3:
        return points
    (left, start), (right, end) = points[0], points[-1]
    slope = (end - start) / (right - left)
    misses = [abs(start + slope * (x - left) - y) for x, y in points]
    worst = max(range(len(points)), key=misses.__getitem__)
    if misses[worst] <= FLAT:
        return [points[0], points[-1]]
    return _without_flat(points[: worst + 1])[:-1] + _without_flat(points[worst:])


def _rule(x: float | None, y: float | None, zero: bool) -> str:
    d = f"M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" if x is not None else f"M{LEFT} {y:.1f}H{WIDTH - RIGHT}"
    return f'<path class="{"axis" if zero else "grid"}" d="{d}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _dot(place: _Place, x: float, y: float, index: int, kind: str, radius: float = 4) -> str:
    at = f'cx="{place.across(x):.1f}" cy="{place.down(y):.1f}"'
    return f'<circle class="{kind} style-{index}" {at} r="{radius:g}"/>'


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
