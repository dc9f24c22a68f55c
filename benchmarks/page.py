"""Tables of figures in the documents, between the marks that they have for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def fill(page: Path, mark: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str) -> None:
    """Write a table and a note into a document, between ``<!-- mark -->`` and ``<!-- end of mark -->``."""
    start, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    table = "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))
    before, _, rest = page.read_text(encoding="utf-8").partition(start)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{start}\n{table}\n\n{note}\n\n{end}{after}", encoding="utf-8")
