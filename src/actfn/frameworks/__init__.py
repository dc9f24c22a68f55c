"""What functions are called in the frameworks: look a name up, and write the same call for another framework."""

from __future__ import annotations

from actfn.frameworks.disagreements import Disagreement, disagreements
from actfn.frameworks.listing import Row, matrix, rows, texts
from actfn.frameworks.meaning import Meaning
from actfn.frameworks.resolve import AmbiguousNameError, lookup, meanings
from actfn.frameworks.signature import title
from actfn.frameworks.translation import Translation, translate

__all__ = [
    "AmbiguousNameError",
    "Disagreement",
    "Meaning",
    "Row",
    "Translation",
    "disagreements",
    "lookup",
    "matrix",
    "meanings",
    "rows",
    "texts",
    "title",
    "translate",
]
