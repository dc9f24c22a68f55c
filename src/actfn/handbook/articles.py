"""The pages of prose: Markdown whose numbers, figures and tables are computed when the page is written."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from actfn.activation import Activation, get
from actfn.curves import sample
from actfn.handbook import experiment, prose
from actfn.handbook.contents import COMPARISONS, SET_APART, common_functions
from actfn.handbook.drawing import Line, figure, grid, panel
from actfn.handbook.facts import facts, number
from actfn.handbook.function_page import SAMPLES, interval
from actfn.handbook.words import WORDS

COLUMNS = ("steepest", "flattest", "far_left", "far_right", "mean", "gain", "passed_back")


class Headline(NamedTuple):
    """What the top of an article says: its title, a short one for menus, and one sentence."""

    title: str
    short: str
    description: str


def headline(name: str, language: str) -> Headline:
    """Return what the top of an article says."""
    title, short, description = _source(name, language).splitlines()[:3]
    return Headline(title.removeprefix("# "), short.strip("*"), description)


def content(environment: jinja2.Environment, name: str, language: str, pages: Collection[str]) -> dict[str, Any]:
    """Return the content of an article's page, for its template; links lead to the functions that have pages."""
    words = WORDS[language]
    tools: dict[str, Any] = {
        "arriving": lambda function, variance=None: number(journey(function, variance).arriving),
        "factor": lambda function, variance=None: number(journey(function, variance).factor),
        "variance": lambda function: number(experiment.preserving_variance(get(function))),
        "value": lambda function, x, dtype="float64": number(float(get(function)(np.dtype(dtype).type(x)))),
        "slope": lambda function, x, dtype="float64": number(float(get(function).derivative(np.dtype(dtype).type(x)))),
        "fact": lambda function, name: number(getattr(facts(get(function)), name)),
        "gap": gap,
        "number": number,
        "depth": experiment.DEPTH,
        "width": experiment.WIDTH,
        "samples": experiment.SAMPLES,
        "grid": lambda: _grid(language),
        "gradients": lambda caption, *runs: gradients(language, caption, runs),
    }
    if name in COMPARISONS:
        tools["curves"] = _curves(name, language)
        tools["table"] = _table(environment, name, language)
    source = "\n".join(_source(name, language).splitlines()[3:])
    # The prose is the library's own; its numbers need no escaping and its figures must not have it.
    filled = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(source).render(tools)
    top = headline(name, language)
    return {
        "title": top.title,
        "description": top.description,
        "body": prose.html(f"{top.description}\n\n{filled}", pages=pages, raw=True),
        "words": words,
    }


def gap(one: str, other: str) -> str:
    """Return the largest difference between two functions.

    Examples
    --------
    >>> gap("gelu", "gelu_tanh")
    '0.0004732'
    """
    x = np.linspace(-12, 12, 240_001)
    return number(float(np.max(np.abs(get(one)(x) - get(other)(x)))))


@cache
def journey(name: str, variance: float | None = None) -> experiment.Journey:
    """Return a measurement, which articles in every language share."""
    return experiment.journey(name, variance)


def gradients(language: str, caption: str, runs: tuple[tuple[str, float | None, str], ...]) -> Markup:
    """Return a figure of the gradient's norm by layer; a run is a function, the variance of its weights and a label."""
    words = WORDS[language]
    layers = np.arange(1.0, experiment.DEPTH + 1)
    found = [(label, journey(name, variance)) for name, variance, label in runs]
    lines = [Line(label, layers, np.log10(measured.norms)) for label, measured in found]
    ends = words["semicolon"].join(f"{label}{words['colon']}{number(measured.arriving)}" for label, measured in found)
    description = words["gradient description"].format(depth=experiment.DEPTH, ends=ends)
    return figure(lines, caption, description, across=words["layer"], powers_of_ten=True)


def _grid(language: str) -> Markup:
    """Return a figure of all functions with their derivatives."""
    words = WORDS[language]
    panels = []
    for function in common_functions():
        curves = [sample(function, order, samples=SAMPLES) for order in (0, 1)]
        described = words["panel description"].format(name=function.name)
        panels.append((function.name, f"{function.name}.html", panel(curves, described)))
    return grid(panels, (words["function"], words["slope"]), words["all functions"])


def _source(name: str, language: str) -> str:
    return resources.files(__package__).joinpath("prose", language, f"{name}.md").read_text(encoding="utf-8")


def _compared(name: str) -> list[tuple[str, Activation]]:
    """Return the functions of a comparison, with what tells them apart."""
    found = []
    for function in map(get, COMPARISONS[name]):
        chosen: dict[str, Any] = dict(SET_APART.get(function.name, {}))
        chosen |= {key: item.example for key, item in function.parameters.items() if item.default is None}
        listed = ", ".join(f"{key}={value:g}" for key, value in chosen.items() if value is not None)
        found.append((f"{function.name}({listed})" if listed else function.name, function.with_parameters(**chosen)))
    return found


def _curves(name: str, language: str) -> Markup:
    words = WORDS[language]
    compared = _compared(name)
    figures = []
    for order, key in ((0, "overlay caption"), (1, "overlay slopes")):
        lines = [Line.of(sample(function, order, samples=SAMPLES), label) for label, function in compared]
        labels = words["comma"].join(label for label, _ in compared)
        described = words["overlay description"].format(what=words[key].rstrip("。.") + words["colon"], labels=labels)
        figures.append(figure(lines, words[key], described))
    return Markup('<div class="pair">{}{}</div>').format(*figures)


def _table(environment: jinja2.Environment, name: str, language: str) -> str:
    rows = []
    for label, function in _compared(name):
        found = facts(function)
        numbers = [number(getattr(found, column)) for column in COLUMNS]
        rows.append({"name": function.name, "shown": label, "range": interval(function.range), "numbers": numbers})
    template = environment.get_template("table.html.jinja")
    # A blank line would end the HTML within the Markdown.
    return template.render(words=WORDS[language], columns=COLUMNS, rows=rows).replace("\n", "")
