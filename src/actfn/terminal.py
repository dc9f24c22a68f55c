"""Draw a curve with characters, for the terminal."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from actfn.curves import Curve

BRAILLE = 0x2800
# Bit of each dot in a braille character: four rows of two.
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])

# LaTeX commands that are one character or none; any other is shown by its name, such as exp.
CHARACTERS = """
alpha:α beta:β gamma:γ delta:δ lambda:λ mu:μ omega:ω phi:φ pi:π sigma:σ Delta:Δ Phi:Φ Sigma:Σ sum:∑ prod:∏ infty:∞ cdot:·
times:× le:≤ ge:≥ leq:≤ geq:≥ ne:≠ neq:≠ approx:≈ to:→ leftarrow:← rightarrow:→ mapsto:↦ top:ᵀ pm:± in:∈ left: right:
"""
SYMBOLS = dict(entry.split(":") for entry in CHARACTERS.split())


def draw(curve: Curve, width: int = 48, height: int = 11, *, style: str = "bold cyan", unicode: bool = True) -> Text:
    """Draw a curve as lines of characters.

    Parameters
    ----------
    curve : Curve
    width, height : int
        The size in characters, with the labels of the axes.
    style : str
        How rich shows the curve.
    unicode : bool
        Whether braille dots may be used; otherwise the curve is drawn with asterisks.

    Returns
    -------
    rich.text.Text

    Examples
    --------
    >>> import actfn
    >>> from actfn.curves import sample
    >>> for line in draw(sample(actfn.relu), width=24, height=4, unicode=False).plain.splitlines():
    ...     print(line.rstrip())
     6           |       ***
                 |    ****
                 | ****
     0 *************--------
       -6                  6
    """
    low, high = float(curve.x[0]), float(curve.x[-1])
    finite = curve.y[np.isfinite(curve.y)]
    bottom, top = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if top - bottom < 1e-9 * max(1.0, abs(top)):
        bottom, top = bottom - 1, top + 1
    labels = {0: _number(top), height - 1: _number(bottom)}
    zero = round((height - 1) * top / (top - bottom))
    if 0 < zero < height - 1:
        labels[zero] = "0"
    margin = max(len(label) for label in labels.values()) + 2
    columns, tall, wide = max(8, width - margin), 4 if unicode else 1, 2 if unicode else 1
    dots = _dots(curve, low, high, bottom, top, columns * wide, height * tall)
    origin = round((columns - 1) * -low / (high - low))
    text = Text(no_wrap=True)
    for row in range(height):
        text.append(labels.get(row, "").rjust(margin - 1) + " ", style="dim")
        for column in range(columns):
            cell = dots[row * tall : (row + 1) * tall, column * wide : (column + 1) * wide]
            if cell.any():
                text.append(chr(BRAILLE + int((DOTS * cell).sum())) if unicode else "*", style=style)
            else:
                text.append(_axis(row == zero, column == origin, unicode), style="dim")
        text.append("\n")
    left, right = _number(low), _number(high)
    text.append(" " * margin + left + right.rjust(columns - len(left)), style="dim")
    return text


def _number(value: float) -> str:
    return f"{value:.3g}"


def _axis(horizontal: bool, vertical: bool, unicode: bool) -> str:
    if horizontal and vertical:
        return "┼" if unicode else "+"
    if horizontal:
        return "─" if unicode else "-"
    if vertical:
        return "│" if unicode else "|"
    return " "


def _dots(
    curve: Curve, low: float, high: float, bottom: float, top: float, columns: int, rows: int
) -> NDArray[np.bool_]:
    """Return which dots of a grid a curve passes; samples of one piece are joined, pieces are not."""
    dots = np.zeros((rows, columns), dtype=np.bool_)
    across = (curve.x - low) / (high - low) * (columns - 1)
    down = (top - curve.y) / (top - bottom) * (rows - 1)
    for index in range(across.size - 1):
        steps = max(abs(down[index + 1] - down[index]), abs(across[index + 1] - across[index]))
        if np.isfinite(steps):
            share = np.linspace(0, 1, int(steps) + 2)
            row = np.rint(down[index] + share * (down[index + 1] - down[index])).astype(np.intp)
            column = np.rint(across[index] + share * (across[index + 1] - across[index])).astype(np.intp)
            dots[row, column] = True
    return dots


def plain_mathematics(markdown: str) -> str:
    r"""Turn the ``$LaTeX$`` in a Markdown text into characters that a terminal can show.

    Examples
    --------
    >>> plain_mathematics(r"GELU is $x\,\Phi(x)$.")
    'GELU is `x Φ(x)`.'
    """
    return re.sub(r"\$([^$\n]+)\$", lambda found: f"`{_plain(found[1])}`", markdown)


def _plain(latex: str) -> str:
    text = re.sub(r"\\(?:mathrm|text|operatorname|mathbf)\s*\{([^{}]*)\}", r"\1", latex)
    text = re.sub(r"\\[td]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)", text)
    text = re.sub(r"\\[td]?frac\s*(\d)\s*(\d)", r"\1/\2", text)
    text = re.sub(
        r"\\sqrt\s*(?:\{([^{}]*)\}|(\w))", lambda found: f"√({found[1]})" if found[1] else f"√{found[2]}", text
    )
    text = re.sub(r"\\q?quad|\\[,;: !]", " ", text)
    text = re.sub(r"\\([a-zA-Z]+)", lambda found: SYMBOLS.get(found[1], found[1]), text)
    text = text.replace("\\", "")
    text = re.sub(r"([_^])\{(\w|[^{}]*)\}", lambda f: f[1] + (f[2] if len(f[2]) < 2 else f"({f[2]})"), text)
    return re.sub(r"\s+", " ", text).replace("{", "").replace("}", "")
