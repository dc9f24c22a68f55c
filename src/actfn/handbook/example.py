"""A worked example: what a function of a row, a group or a pair makes of four numbers, and the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from actfn.activation import Activation
from actfn.handbook.facts import number
from actfn.handbook.words import WORDS

X = np.array([1.5, 1.0, 0.5, -1.0])
UP = np.array([1.0, -2.0, 3.0, 0.5])

Lines = dict[str, Any]


class Example(NamedTuple):
    """What is shown: one line for the input and for each result, and a sentence that says what they are."""

    headings: list[str]
    lines: list[list[str]]
    note: str


def example(function: Activation, language: str) -> Example | None:
    """Return the worked example of a function, or None for one of single numbers.

    Examples
    --------
    >>> import actfn
    >>> for line in example(actfn.glu, "en").lines[:3]:
    ...     print(*line)
    gate 1.5 1 0.5 −1
    up 1 −2 3 0.5
    f 0.8176 −1.462 1.867 0.1345
    """
    if function.kind not in _MAKERS:
        return None
    lines = _MAKERS[function.kind](function)
    key = f"example {function.kind}"
    key += " sum" * function._declaration.reduces + " rows" * _of_rows(function)
    width = max(np.size(numbers) for numbers in lines.values())
    shown = [[label, *map(number, np.ravel(numbers).tolist())] for label, numbers in lines.items()]
    filled = [[*line, *[""] * (1 + width - len(line))] for line in shown]
    note = WORDS[language][key].format(**{name: _plain(item.example) for name, item in function.parameters.items()})
    return Example(["k", *map(str, range(1, width + 1))], filled, note)


def _of_rows(function: Activation) -> bool:
    return function.kind == "stochastic" and function._declaration.along_axis


def _plain(value: Any) -> str:
    return f"({', '.join(map(number, value))})" if np.ndim(value) else str(value)


def _examples(function: Activation) -> dict[str, Any]:
    return {name: item.example for name, item in function.parameters.items() if item.default is None}


def _simplex(function: Any) -> Lines:
    if function._declaration.reduces:
        return {"xₖ": X, "f(x)": function(X), "∂f/∂xₖ": function.vjp(X, 1.0)}
    return {"xₖ": X, "fₖ(x)": function(X), "∂f₁/∂xₖ": function.vjp(X, np.array([1.0, 0.0, 0.0, 0.0]))}


def _gated(function: Any) -> Lines:
    given = _examples(function)
    by_gate, by_up = function.vjp(X, UP, np.ones_like(X), **given)
    return {"gate": X, "up": UP, "f": function(X, UP, **given), "∂f/∂gate": by_gate, "∂f/∂up": by_up}


def _grouped(function: Any) -> Lines:
    given = _examples(function)
    value = function(X, **given)
    return {"xₖ": X, "fₖ(x)": value, "∂Σf/∂xₖ": function.vjp(X, np.ones_like(value), **given)}


def _elementwise(function: Any) -> Lines:
    given = _examples(function)
    return {"xₖ": X, "f(xₖ)": function(X, **given), "f′(xₖ)": function.vjp(X, np.ones_like(X), **given)}


def _stochastic(function: Any) -> Lines:
    given = _examples(function)
    sample = function.sample(X, np.random.default_rng(0), **given)
    weights = np.array([1.0, 0.0, 0.0, 0.0]) if _of_rows(function) else np.ones_like(X)
    slope = "∂f₁/∂xₖ" if _of_rows(function) else "∂f/∂xₖ"
    noise = function._declaration.inputs[1]
    return {
        "xₖ": X,
        noise: sample,
        "fₖ(x)": function(X, sample=sample, **given),
        slope: function.vjp(X, weights, sample=sample, **given),
    }


def _batchwise(function: Any) -> Lines:
    batch, mean, variance = X[:, None], float(X.mean()), float(X.var())
    given = {"mean": mean, "variance": variance, **_examples(function)}
    return {
        "xₖ": X,
        "f(xₖ)": function(batch, training=True, **_examples(function)),
        "∂Σf/∂xₖ": function.vjp(batch, np.ones_like(batch), training=True, **_examples(function)),
        "∂f/∂xₖ": function.vjp(batch, np.ones_like(batch), **given),
    }


_MAKERS: dict[str, Callable[[Any], Lines]] = {
    "simplex": _simplex,
    "gated": _gated,
    "grouped": _grouped,
    "channelwise": _grouped,
    "expansion": _elementwise,
    "stochastic": _stochastic,
    "batchwise": _batchwise,
}
