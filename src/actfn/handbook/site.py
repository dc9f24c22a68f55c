"""Render the pages of the handbook from templates, prose and the functions themselves."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from importlib import resources
from itertools import chain, pairwise
from typing import Any, NamedTuple

import jinja2

import actfn
from actfn.activation import get
from actfn.handbook import articles, function_page, index_page
from actfn.handbook.contents import ARTICLES, LANGUAGES, common_names, names
from actfn.handbook.words import NAMES, WORDS

__all__ = ["LANGUAGES", "count", "render"]

TAGGED = {"en": "en", "zh": "zh-Hans"}
IGNORED = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; only the first has to say so
STATIC = ("handbook.css", "handbook.js")


class Site(NamedTuple):
    """Which handbook is written: its languages, and the functions that have pages."""

    languages: tuple[str, ...]
    names: tuple[str, ...]


def render(
    languages: Sequence[str] = LANGUAGES, functions: Sequence[str] | None = None, processes: int = 1
) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every file of the handbook.

    Parameters
    ----------
    languages : sequence of str
        Any of "en" and "zh".
    functions : sequence of str, optional
        The names of the functions that get pages, among them the common ones; by default all.
    processes : int
        How many processes render; with more than one they start anew and import the main module.

    Examples
    --------
    >>> from itertools import islice
    >>> [name for name, text in islice(render(["en"]), 4)]
    ['handbook.css', 'handbook.js', 'index.html', 'en/index.html']
    """
    site = Site(tuple(languages), tuple(names() if functions is None else functions))
    make = partial(_files, site)
    if processes < 2:
        yield from chain.from_iterable(map(make, _jobs(site)))
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), signal.signal, IGNORED) as pool:
        try:
            yield from chain.from_iterable(pool.map(make, _jobs(site)))
        except BrokenProcessPool:
            raise ChildProcessError("a process that rendered pages was killed, perhaps for want of memory") from None
        finally:
            pool.shutdown(cancel_futures=True)


def count(languages: Sequence[str] = LANGUAGES, functions: Sequence[str] | None = None) -> int:
    """Return how many files the handbook has.

    Examples
    --------
    >>> count(["en"], ["mish"])
    10
    """
    pages = 1 + len(ARTICLES) + len(names() if functions is None else functions)
    return len(STATIC) + 1 + pages * len(languages)


def _jobs(site: Site) -> list[str]:
    """Return what is made together, the longest work first; what the languages share is computed once."""
    return ["", "index", *ARTICLES, *reversed(site.names)]


def _files(site: Site, job: str) -> list[tuple[str, str]]:
    """Return the files of a job: a page in every language, or what all pages share."""
    if not job:
        return [*_static(), ("index.html", _start(site))]
    return [(f"{language}/{job}.html", _page(site, job, language)) for language in site.languages]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("actfn.handbook"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _static() -> list[tuple[str, str]]:
    folder = resources.files(__package__).joinpath("static")
    return [(file, folder.joinpath(file).read_text(encoding="utf-8")) for file in STATIC]


def _start(site: Site) -> str:
    """Return the page on which a reader chooses a language."""
    title = " · ".join(WORDS[language]["handbook"] for language in site.languages)
    chosen = [{**_named(language), "lead": index_page.lead(site.names, language)} for language in site.languages]
    return _environment().get_template("start.html.jinja").render(title=title, languages=chosen)


def _page(site: Site, job: str, language: str) -> str:
    environment = _environment()
    if job == "index":
        template, content = "index.html.jinja", index_page.content(site.names, language)
    elif job in ARTICLES:
        template, content = "article.html.jinja", articles.content(environment, job, language, site.names)
    else:
        template = "function.html.jinja"
        content = {**function_page.content(get(job), language, site.names), **_neighbours(job)}
    return environment.get_template(template).render({**_shared(site, language, f"{job}.html"), **content})


def _neighbours(name: str) -> dict[str, str | None]:
    """Return the functions before and after a common one."""
    following = dict(pairwise(common_names()))
    preceding = {after: before for before, after in following.items()}
    return {"previous": preceding.get(name), "next": following.get(name)}


def _shared(site: Site, language: str, file: str) -> dict[str, Any]:
    """Return what the frame of every page needs."""
    navigation = [{"file": f"{name}.html", "short": articles.headline(name, language).short} for name in ARTICLES]
    return {
        "file": file,
        "language_tag": TAGGED[language],
        "words": WORDS[language],
        "navigation": [{"file": "index.html", "short": WORDS[language]["functions"]}, *navigation],
        "others": [_named(other) for other in site.languages if other != language],
        "version": actfn.info()["version"],
    }


def _named(language: str) -> dict[str, str]:
    return {"language": language, "tag": TAGGED[language], "name": NAMES[language]}
