"""What a page says of textbook code: how many digits it keeps, and where it goes wrong."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from markupsafe import Markup

from actfn.activation import Activation
from actfn.formula import has_threshold
from actfn.handbook.drawing import Line, figure
from actfn.handbook.words import WORDS
from actfn.textbook import REACHES, Textbook, textbook, view

DTYPE = "float32"
STRETCHES = 240  # of each the worst point is drawn
PRIMES = ("", "′", "″")


def textbook_code(function: Activation, language: str) -> Markup:
    """Return a figure and a list of the faults, or nothing where textbook code has none.

    Examples
    --------
    >>> import actfn
    >>> "NaN for x" in textbook_code(actfn.softplus, "en"), textbook_code(actfn.relu, "en")
    (True, Markup(''))
    """
    codes = _codes(function)
    if not any(code.faults for code in codes):
        return Markup("")
    words = WORDS[language]
    lines, items = [], []
    for code in codes:
        label = f"{function.name}{PRIMES[code.order]}(x)"
        lines.append(_worst(code, label))
        said = [code.told(fault, language) for fault in code.faults] or [words["textbook right"]]
        items.append((label, words["semicolon"].join(said)))
    colon, stop = words["colon"], "。" if language == "zh" else "."
    faults = " ".join(f"{label}{colon}{said}{stop}" for label, said in items)
    low, high = (f"{end:.4g}".replace("-", "−") for end in (codes[0].x[0], codes[0].x[-1]))
    described = words["textbook description"].format(low=low, high=high, faults=faults)
    listed = Markup("").join(
        Markup("<li><code>{}</code>{}{}</li>").format(label, colon, unbroken(said)) for label, said in items
    )
    lead = Markup("<p>{}</p>").format(words["textbook lead"])
    return lead + figure(lines, words["textbook caption"], described) + Markup("<ul>{}</ul>").format(listed)


def unbroken(text: str) -> str:
    """Return a text in which a line does not end inside an inequality."""
    return re.sub(" ([<>×]) ", "\u00a0\\1\u00a0", text)


@cache
def _codes(function: Activation) -> tuple[Textbook, ...]:
    orders = {"elementwise": (0, 1, 2), "simplex": (0,)}.get(function.kind, ())
    if has_threshold(function._declaration):
        orders = ()
    reach = REACHES[DTYPE]
    wide = [textbook(function, DTYPE, order, -reach, reach) for order in orders]
    low, high = view((fault for code in wide for fault in code.faults), DTYPE)
    return tuple(textbook(function, DTYPE, order, low, high) for order in orders)


def _worst(code: Textbook, label: str) -> Line:
    """Return the fewest right digits on each of many short stretches."""
    ends = np.linspace(code.x[0], code.x[-1], STRETCHES + 1)
    place = np.clip(np.searchsorted(ends, code.x, side="right") - 1, 0, STRETCHES - 1)
    worst = np.full(STRETCHES, np.inf)
    np.minimum.at(worst, place, code.digits())
    return Line(label, (ends[:-1] + ends[1:]) / 2, worst)
