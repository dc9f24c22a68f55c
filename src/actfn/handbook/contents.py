"""What the handbook is about: its functions, its comparisons and its languages."""

from __future__ import annotations

import re
from functools import cache

from actfn import catalogue
from actfn.activation import Activation, get, is_builtin
from actfn.explained import LANGUAGES

__all__ = [
    "ARTICLES",
    "COMPARISONS",
    "FAMILIES",
    "GROUPS",
    "LANGUAGES",
    "common_functions",
    "common_names",
    "group",
    "names",
    "year",
]

# The functions that a page draws and tabulates side by side.
COMPARISONS = {
    "compare-rectifiers": ("relu", "leaky_relu", "prelu", "elu", "selu", "softplus"),
    "compare-gates": ("silu", "swish", "mish", "gelu", "gelu_tanh"),
    "compare-sigmoids": ("sigmoid", "tanh", "softsign", "hard_sigmoid"),
}
ARTICLES = (*COMPARISONS, "gradients", "choosing")

# Where a drawing of several functions needs a parameter that sets them apart.
SET_APART = {"swish": {"beta": 2.0}}

# The values at which a function with a parameter is drawn.
FAMILIES: dict[str, tuple[str, tuple[float, ...]]] = {
    "elu": ("alpha", (0.5, 1.0, 1.5, 2.0)),
    "hard_sigmoid": ("slope", (0.1, 1 / 6, 0.2, 0.5)),
    "leaky_relu": ("negative_slope", (0.01, 0.1, 0.3)),
    "prelu": ("alpha", (-0.25, 0.1, 0.25, 0.5)),
    "softplus": ("beta", (0.5, 1.0, 2.0, 5.0)),
    "swish": ("beta", (0.0, 0.5, 1.0, 2.0, 10.0)),
}


# What the index lists after the common functions, in this order.
GROUPS = ("rectifiers", "gates", "sigmoids", "others", "rows", "gated units", "parts")
OF_KIND = {"simplex": "rows", "gated": "gated units"}
OF_TAG = {"gated": "gates", "rectifier": "rectifiers", "sigmoidal": "sigmoids"}


def group(function: Activation) -> str:
    """Return the group of the index to which a function belongs.

    Examples
    --------
    >>> group(get("hard_swish")), group(get("sparsemax")), group(get("sine")), group(get("dice"))
    ('gates', 'rows', 'others', 'parts')
    """
    if function.kind != "elementwise":
        return OF_KIND.get(function.kind, "parts")
    return next((OF_TAG[tag] for tag in OF_TAG if tag in function.tags), "others")


@cache
def common_names() -> tuple[str, ...]:
    """Return the names of the library's own commonly used functions, in the order of the pages."""
    return tuple(name for name in catalogue.common_names() if is_builtin(get(name)))


def common_functions() -> list[Activation]:
    """Return the library's own commonly used functions, in the order of the pages."""
    return [get(name) for name in common_names()]


@cache
def names() -> tuple[str, ...]:
    """Return the names of the library's own functions that have a guide: the common ones, then group by group.

    Examples
    --------
    >>> names()[: len(common_names())] == common_names(), "sqnl" in names()
    (True, True)
    """
    others = [name for name in catalogue.names() if name in catalogue.guided_names() and name not in common_names()]
    own = [name for name in others if is_builtin(get(name))]
    return (*common_names(), *sorted(own, key=lambda name: GROUPS.index(group(get(name)))))


def year(function: Activation) -> int | None:
    """Return the year of the earliest paper, or None where there is none.

    Examples
    --------
    >>> import actfn
    >>> year(actfn.relu), year(actfn.identity)
    (1969, None)
    """
    found = [
        int(match[0]) for match in (re.search(r"\b(?:1[89]|20)\d\d\b", paper) for paper in function.papers) if match
    ]
    return min(found, default=None)
