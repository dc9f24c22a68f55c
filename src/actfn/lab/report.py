"""The report: one HTML page that needs nothing but itself."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2

import actfn
from actfn.explained import LANGUAGES

from . import figures
from .comparison import BATCH, LEARNING_RATE, Outcome, Settings
from .findings import VANISHING, finding, percent
from .network import PIECES, PRELU_START
from .training import DEAD_SLOPE, SATURATED_SLOPE

HANDBOOKS = ("handbook", "build/handbook")
HANDBOOK_MARKER = ".actfn-handbook"  # importing actfn.handbook would need what only building it needs


def render(outcomes: Sequence[Outcome], settings: Settings, handbook: str | None = None) -> str:
    """The page as text. It holds no date, time or duration: equal outcomes give equal bytes.

    Parameters
    ----------
    outcomes : sequence of Outcome
        In the order in which the page lists them.
    settings : Settings
    handbook : str, optional
        Where the handbook's pages in one language are, as a link from the page; without it the page says how to build them.

    Examples
    --------
    >>> from actfn.lab.comparison import compare
    >>> settings = Settings(("relu", "tanh"), depth=1, width=8, epochs=1, seeds=1)
    >>> page = render(compare(settings), settings)
    >>> page.startswith("<!doctype html>"), "://" in page
    (True, False)
    """
    template = resources.files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(percent=percent, number=number)
    return environment.from_string(template).render(
        outcomes=outcomes,
        settings=settings,
        handbook=handbook,
        overview=overview(outcomes),
        cards=[card(outcome, outcomes) for outcome in outcomes],
        constants={
            "batch": BATCH,
            "learning_rate": LEARNING_RATE,
            "dead": DEAD_SLOPE,
            "saturated": SATURATED_SLOPE,
            "vanishing": VANISHING,
            "pieces": PIECES,
            "alpha": PRELU_START,
        },
        learning=[outcome.name for outcome in outcomes if outcome.accuracy > 0.9],
        vanishing=[outcome.name for outcome in outcomes if outcome.gradient_ratio < VANISHING],
        versions=versions(),
    )


def handbook_beside(report: Path) -> str | None:
    """The link from a report to the English pages of a handbook in its folder, or to whatever pages there are.

    A handbook is looked for where ``actfn handbook -o handbook`` and ``make handbook`` write it.

    Examples
    --------
    >>> handbook_beside(Path("no", "such", "folder", "report.html")) is None
    True
    """
    for folder in HANDBOOKS:
        if (report.parent / folder / HANDBOOK_MARKER).is_file():
            for language in LANGUAGES:
                if (report.parent / folder / language / "index.html").is_file():
                    return f"{folder}/{language}"
    return None


def overview(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """The plots of all functions together, each with its caption."""
    accuracy = (
        "Test accuracy. A dot for each seed, a line at their mean, a bar of one standard deviation to each side. "
        "The axis does not begin at zero."
    )
    gradient = (
        "How much of the gradient arrives: its norm at the first layer over that at the last, before training. "
        "In the shaded area it vanishes."
    )
    health = "Dead units and saturated entries after training. A dash: not defined for the function."
    return [
        (figures.accuracy_plot(outcomes), accuracy),
        (figures.gradient_ratio_plot(outcomes), gradient),
        (figures.health_plot(outcomes), health),
    ]


def card(outcome: Outcome, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What the page shows of one function."""
    curves = {
        attribute: outcome.curve(attribute).mean(axis=0) for attribute in ("loss", "train_accuracy", "test_accuracy")
    }
    return {
        "name": outcome.name,
        "summary": actfn.get(outcome.name).summary,
        "finding": finding(outcome, outcomes),
        "learning": figures.learning_plot(outcome, outcomes),
        "gradient": figures.gradient_plot(outcome, outcomes),
        "epochs": list(zip(*curves.values(), strict=True)),
        "layers": list(zip(outcome.gradient_norms(0), outcome.gradient_norms(-1), strict=True)),
    }


def versions() -> dict[str, str]:
    """What the results were computed with."""
    packages = {name: version(name) for name in ("numpy", "scikit-learn", "matplotlib")}
    return {"actfn": str(actfn.info()["version"]), "Python": platform.python_version(), **packages}


def number(value: float) -> str:
    """Two significant digits, or a dash for NaN.

    Examples
    --------
    >>> number(1.234), number(1.234e-9), number(float("nan"))
    ('1.2', '1.2e-09', '–')
    """
    return "–" if math.isnan(value) else f"{value:.2g}"
