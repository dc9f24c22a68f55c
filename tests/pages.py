"""Pages of the handbook, read by tests, and a folder that the workers of one run share."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

EMPTY = {"br", "circle", "hr", "img", "input", "link", "meta", "mspace", "path"}


class Page(HTMLParser):
    """What a page holds; fails where an element is not closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.source = path, path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(self.source)
        assert self.open == [], path

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        assert len(given) == len(attributes), (self.path, tag, attributes)
        self.tags.append((tag, given))
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a":
            self.links.append(given["href"] or "")
        self.loads += [given[key] or "" for key in ("src", "data", "srcset") if key in given]
        self.loads += [given["href"] or ""] if tag == "link" else []
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, (self.path, tag, self.getpos())

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """Return a folder that the first worker builds and the others wait for."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = root / name
    with open(root / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            build(folder)
    return folder


def handbook(folder: Path, *options: str) -> None:
    """Write a handbook with the command."""
    from actfn.cli import main

    assert main(["handbook", "-o", str(folder), *options]) == 0


def read(site: Path) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}
