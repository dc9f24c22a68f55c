"""What the documents say is true: their examples run, their links lead somewhere, and they name no machine."""

from __future__ import annotations

import ast
import doctest
import importlib
import io
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import actfn
from actfn import catalogue

ROOT = Path(__file__).parent.parent
GUIDES = ROOT / "src" / "actfn" / "guides"
FRONT_PAGES = ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md")
READMES = FRONT_PAGES[:2]
DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
WITH_EXAMPLES = [
    *FRONT_PAGES[:3],
    *(name for name in DOCS if name not in ("docs/accuracy.md", "docs/functions.md", "docs/speed.md", "docs/wrong.md")),
    *(str(path.relative_to(ROOT)) for path in sorted(GUIDES.glob("*/*.md"))),
]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(actfn.__path__, "actfn.")
    if not module.name.rpartition(".")[2].startswith("_")
]
# A directory of one machine, and where packages come from.
FOREIGN = re.compile(
    r"(?<![\w.~)])/(?:work|root|home|Users)\b"
    r"|\bpypi\.org|pythonhosted\.org|anaconda\.org|npmjs\.org|--(?:extra-)?index-url|--trusted[-]host"
)


@pytest.fixture(autouse=True)
def functions_declared_by_examples_are_forgotten() -> Iterator[None]:
    before = dict(catalogue._all())
    yield
    catalogue._all().clear()
    catalogue._all().update(before)
    catalogue._keys.cache_clear()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def headings(text: str, level: int) -> tuple[str, ...]:
    outside_code = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return tuple(re.findall(rf"^{'#' * level} (.+)$", outside_code, flags=re.MULTILINE))


def failures(tests: list[doctest.DocTest]) -> str:
    """Run doctests; return the report of those that fail."""
    runner, report = doctest.DocTestRunner(), io.StringIO()
    for test in tests:
        runner.run(test, out=report.write)
    return report.getvalue()


# Keras's variables know NumPy 1's protocol of copies only.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_documents_run(name: str) -> None:
    # The worked example's name may by now be that of a function of the package.
    text = text_of(name).replace("bent_line", "bent_line_again").replace("soft_bend", "soft_bend_again")
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "document"}, name, name, 0)
    assert test.examples
    assert failures([test]) == ""


@pytest.mark.parametrize("name", ["actfn", *MODULES])
def test_the_examples_of_docstrings_run(name: str) -> None:
    assert failures(doctest.DocTestFinder().find(importlib.import_module(name))) == ""


@pytest.mark.parametrize("name", [*FRONT_PAGES, *DOCS])
def test_links_to_files_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text_of(name))
    assert targets or name in DOCS
    folder = (ROOT / name).parent
    assert [target for target in targets if "://" not in target and not (folder / target).exists()] == []


def test_the_two_readmes_say_the_same() -> None:
    english, chinese = map(text_of, READMES)
    for level in (1, 2, 3):
        assert len(headings(english, level)) == len(headings(chinese, level)) > 0
    parse = doctest.DocTestParser().get_examples
    assert [example.want for example in parse(english)] == [example.want for example in parse(chinese)]
    assert [*map(code_of, parse(english))] == [*map(code_of, parse(chinese))]
    assert table(english) == table(chinese)


def code_of(example: doctest.Example) -> str:
    """Return what an example runs, without its comments and docstrings."""
    tree = ast.parse(example.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body = node.body[ast.get_docstring(node) is not None :]
    return ast.unparse(tree)


@pytest.mark.parametrize("name", READMES)
def test_the_table_of_the_readme_states_parameters_and_range(name: str) -> None:
    rows = table(text_of(name))
    assert len(rows) >= 19
    for function, (parameters, stated) in rows.items():
        assert set(parameters) <= {*actfn.get(function).parameters, "axis"}, function
        assert stated == shown(actfn.get(function).range), function


def table(readme: str) -> dict[str, tuple[list[str], str]]:
    """Return the functions of the table, with the names of their parameters and the range."""
    row = r"^\| \[`(\w+)`\]\(src/actfn/guides/\w\w/\1\.md\) \|[^|]*\|([^|]*)\| ([^|]*) \|$"
    found = re.findall(row, readme, flags=re.MULTILINE)
    return {name: (re.findall(r"\w+(?==|(?: must| 必须))", parameters, re.ASCII), at) for name, parameters, at in found}


def shown(interval: actfn.Interval) -> str:
    """Return an interval as the table writes it."""
    left, right = "[" if interval.low_closed else "(", "]" if interval.high_closed else ")"
    ends = [f"{end:.0f}" if end.is_integer() else f"{end:.4f}" for end in map(float, interval[:2])]
    return f"{left}{', '.join(ends)}{right}".replace("inf", "∞")


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert f"\nversion: {version}\n" in text_of("CITATION.cff")
    assert headings(text_of("CHANGELOG.md"), 2)[0].startswith(f"[{version}]")
    assert actfn.info()["version"] == version


def repository_files() -> Iterator[Path]:
    """Yield the files of the repository: those that .gitignore does not name."""
    ignored = [".git", *(line.strip("/") for line in text_of(".gitignore").split())]
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        yield from (Path(folder, name) for name in files if not any(fnmatch(name, pattern) for pattern in ignored))


def test_no_file_names_a_machine_or_a_registry() -> None:
    searched, found = set(), []
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        searched.add(str(path.relative_to(ROOT)))
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FOREIGN.finditer(text)]
    assert found == []
    assert {"README.md", "Makefile", "src/actfn/activation.py", "src/actfn/core/module.cpp"} <= searched


def test_no_function_of_the_frameworks_is_missing() -> None:
    command = [sys.executable, str(ROOT / "tools" / "functions_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
