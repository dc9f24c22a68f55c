"""Render the pages of the handbook from templates, prose and the functions themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

import actfn
from actfn.activation import Activation
from actfn.functions.spelling import FRAMEWORKS
from actfn.handbook import articles, function_page
from actfn.handbook.contents import ARTICLES, LANGUAGES, functions, year
from actfn.handbook.drawing import sparkline
from actfn.handbook.snippets import libraries
from actfn.handbook.translations import SUMMARIES, summary
from actfn.handbook.words import KINDS, NAMES, WORDS, tag

__all__ = ["LANGUAGES", "render"]

TAGGED = {"en": "en", "zh": "zh-Hans"}
PERIODS = ("until 1999", "2000 to 2014", "from 2015")
LIBRARIES = tuple(framework.title for framework in FRAMEWORKS.values())


def render(languages: Sequence[str] = LANGUAGES) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every file of the handbook.

    Parameters
    ----------
    languages : sequence of str
        Any of "en" and "zh".

    Examples
    --------
    >>> dict(render(["en"])).keys() >= {"index.html", "handbook.css", "en/index.html", "en/mish.html"}
    True
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("actfn.handbook"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for file in ("handbook.css", "handbook.js"):
        yield file, resources.files(__package__).joinpath("static", file).read_text(encoding="utf-8")
    yield (
        "index.html",
        environment.get_template("start.html.jinja").render(
            title=" · ".join(WORDS[language]["handbook"] for language in languages),
            languages=[{**_named(language), "lead": _lead(language)} for language in languages],
        ),
    )
    for language in languages:
        for file, template, context in _pages(environment, language):
            shared = _shared(environment, language, languages, file)
            yield f"{language}/{file}", environment.get_template(template).render({**shared, **context})


def _pages(environment: jinja2.Environment, language: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the file, the template and the content of every page in a language."""
    yield "index.html", "index.html.jinja", _index(language)
    shown = functions()
    for before, function, after in zip([None, *shown], shown, [*shown[1:], None], strict=False):
        context = function_page.content(function, language)
        context |= {"previous": before and before.name, "next": after and after.name}
        yield f"{function.name}.html", "function.html.jinja", context
    for name in ARTICLES:
        yield f"{name}.html", "article.html.jinja", articles.content(environment, name, language)


def _shared(environment: jinja2.Environment, language: str, languages: Sequence[str], file: str) -> dict[str, Any]:
    """Return what the frame of every page needs."""
    navigation = [{"file": f"{name}.html", "short": articles.headline(name, language).short} for name in ARTICLES]
    return {
        "file": file,
        "language_tag": TAGGED[language],
        "words": WORDS[language],
        "navigation": [{"file": "index.html", "short": WORDS[language]["functions"]}, *navigation],
        "others": [_named(other) for other in languages if other != language],
        "version": actfn.info()["version"],
    }


def _named(language: str) -> dict[str, str]:
    return {"language": language, "tag": TAGGED[language], "name": NAMES[language]}


def _lead(language: str) -> str:
    return WORDS[language]["lead"].format(count=len(functions()))


def _index(language: str) -> dict[str, Any]:
    shown = functions()
    present = sorted({name for function in shown for name in function.tags})
    headlines = [(name, articles.headline(name, language)) for name in ARTICLES]
    return {
        "title": WORDS[language]["handbook"],
        "description": _lead(language),
        "kinds": KINDS[language],
        "years": PERIODS,
        "libraries": [name for name in LIBRARIES if any(name in libraries(function) for function in shown)],
        "tags": {name: tag(name, language) for name in present},
        "cards": [_card(function, language) for function in shown],
        "articles": [
            {"file": f"{name}.html", "title": headline.title, "description": headline.description}
            for name, headline in headlines
        ],
    }


def _card(function: Activation, language: str) -> dict[str, Any]:
    from actfn.curves import sample

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
        "picture": Markup(sparkline(sample(function, samples=161))),
        "summary": summary(function, language),
        "note": " · ".join([*note, *([str(published)] if published else [])]),
    }


def _period(published: int | None) -> str:
    if published is None:
        return ""
    return PERIODS[0] if published < 2000 else PERIODS[1] if published < 2015 else PERIODS[2]
