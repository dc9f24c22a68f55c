"""Where libraries disagree on a function, or go wrong: what a reader must know before taking one's result for another's."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple


class Disagreement(NamedTuple):
    """One place where libraries disagree or go wrong.

    Attributes
    ----------
    key : str
        A short name.
    functions : tuple of str
        The functions concerned.
    text : dict of str to str
        What happens, as Markdown, in each language.
    tried : tuple of str
        The libraries that the test suite runs to show it.
    read : tuple of str
        The libraries, with versions, whose source, documents or published measurements say so.
    """

    key: str
    functions: tuple[str, ...]
    text: dict[str, str]
    tried: tuple[str, ...]
    read: tuple[str, ...]


@cache
def every() -> tuple[Disagreement, ...]:
    """Return all disagreements."""
    file = resources.files(__package__).joinpath("disagreements.toml")
    entries = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(
        Disagreement(
            key,
            tuple(entry["functions"]),
            {language: entry[language] for language in ("en", "zh")},
            tuple(entry.get("tried", ())),
            tuple(entry.get("read", ())),
        )
        for key, entry in entries.items()
    )


def disagreements(name: str) -> tuple[Disagreement, ...]:
    """Return the disagreements on a function.

    Examples
    --------
    >>> [found.key for found in disagreements("tanhexp")]
    ['telu']
    """
    return tuple(found for found in every() if name in found.functions)
