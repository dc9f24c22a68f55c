"""What the index shows: a card for every common function, and a line for each of the others, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from markupsafe import Markup

from actfn.activation import Activation, get
from actfn.curves import sample
from actfn.functions.spelling import FRAMEWORKS
from actfn.handbook import articles
from actfn.handbook.contents import ARTICLES, GROUPS, common_names, group, year
from actfn.handbook.drawing import sparkline
from actfn.handbook.snippets import libraries
from actfn.handbook.summaries import SUMMARIES
from actfn.handbook.translations import summary
from actfn.handbook.words import KINDS, WORDS, tag

PERIODS = ("until 1999", "2000 to 2014", "from 2015")
LIBRARIES = tuple(framework.title for framework in FRAMEWORKS.values())


def lead(names: Sequence[str], language: str) -> str:
    """Return the sentence that says what the handbook is."""
    return WORDS[language]["lead"].format(count=len(names))


def content(names: Sequence[str], language: str) -> dict[str, Any]:
    """Return the content of the index, for its template.

    Examples
    --------
    >>> page = content(["relu", "glu", "hard_swish"], "en")
    >>> [(shown["title"], [card["name"] for card in shown["cards"]]) for shown in page["groups"]]
    [('Gated by themselves', ['hard_swish']), ('Gated units: a gate and what it lets pass', ['glu'])]
    """
    words, shown = WORDS[language], [get(name) for name in names]
    present = sorted({name for function in shown for name in function.tags})
    kinds = {function.kind for function in shown}
    others = [function for function in shown if function.name not in common_names()]
    grouped = {key: [_card(one, language) for one in others if group(one) == key] for key in GROUPS}
    headlines = [(name, articles.headline(name, language)) for name in ARTICLES]
    return {
        "title": words["handbook"],
        "description": lead(names, language),
        "kinds": {kind: said for kind, said in KINDS[language].items() if kind in kinds},
        "years": PERIODS,
        "libraries": [name for name in LIBRARIES if any(name in libraries(function) for function in shown)],
        "tags": {name: tag(name, language) for name in present},
        "cards": [
            {**_card(function, language), "picture": _picture(function)}
            for function in shown
            if function.name in common_names()
        ],
        "groups": [
            {"key": key.replace(" ", "-"), "title": words[f"group {key}"], "cards": cards}
            for key, cards in grouped.items()
            if cards
        ],
        "articles": [
            {"file": f"{name}.html", "title": headline.title, "description": headline.description}
            for name, headline in headlines
        ],
    }


@cache
def _picture(function: Activation) -> Markup:
    return Markup(sparkline(sample(function, samples=161)))


def _card(function: Activation, language: str) -> dict[str, Any]:
    published = year(function)
    tags = sorted(function.tags)
    both = (function.summary, SUMMARIES.get(function.name, ""))
    searched = (function.name, *function.aliases, *both, *function.frameworks.values(), *function.papers, *tags)
    note = [KINDS[language][function.kind], *(tag(name, language) for name in tags)]
    return {
        "name": function.name,
        "kind": function.kind,
        "period": _period(published),
        "tags": tags,
        "libraries": libraries(function),
        "text": " ".join((*searched, *(tag(name, "zh") for name in tags))),
        "summary": summary(function, language),
        "note": " · ".join([*note, *([str(published)] if published else [])]),
    }


def _period(published: int | None) -> str:
    if published is None:
        return ""
    return PERIODS[0] if published < 2000 else PERIODS[1] if published < 2015 else PERIODS[2]
