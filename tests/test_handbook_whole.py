"""The handbook of all functions: written once for every test of it, in several processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
import sympy

import actfn

pytest.importorskip("jinja2")

from pages import Page, handbook, read, shared

from actfn.cli import main
from actfn.formula import readable
from actfn.handbook import contents, formulas, function_page, index_page, site
from actfn.handbook.example import example
from actfn.handbook.snippets import snippets
from actfn.handbook.translations import typographic
from actfn.handbook.words import WORDS

LANGUAGES = ("en", "zh")
NAMES = contents.names()
OTHERS = [name for name in NAMES if name not in contents.common_names()]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "whole", handbook)


@pytest.fixture(scope="session")
def pages(whole: Path) -> dict[str, Page]:
    return read(whole)


@pytest.mark.slow
def test_every_function_with_a_guide_is_in_one_place_of_the_index() -> None:
    assert set(NAMES) == set(actfn.names()) and len(set(NAMES)) == len(NAMES)
    for language in LANGUAGES:
        index = index_page.content(NAMES, language)
        listed = [card["name"] for group in index["groups"] for card in group["cards"]]
        assert [card["name"] for card in index["cards"]] == list(contents.common_names())
        assert sorted(listed) == sorted(OTHERS)
        assert all(group["title"] for group in index["groups"])


def test_functions_of_one_number_have_no_worked_example() -> None:
    assert example(actfn.gelu, "en") is None
    shown = example(actfn.sparsemax, "en")
    assert shown is not None
    assert shown.lines[1:] == [["fₖ(x)", "0.75", "0.25", "0", "0"], ["∂f₁/∂xₖ", "0.5", "−0.5", "0", "0"]]
    crelu = example(actfn.crelu, "en")
    assert crelu is not None and crelu.lines[1] == ["fₖ(x)", "1.5", "1", "0.5", "0", "0", "0", "0", "1"]


@pytest.mark.parametrize("name", [name for name in NAMES if actfn.get(name).kind != "elementwise"])
def test_a_worked_example_is_a_table_of_numbers(name: str) -> None:
    shown = example(actfn.get(name), "en")
    assert shown is not None and len(shown.headings) == len(shown.lines[0])
    assert all(len(line) == len(shown.headings) for line in shown.lines)
    numbers = [cell for line in shown.lines for cell in line[1:] if cell]
    assert all(np.isfinite(float(re.sub("\u00a0.*", "", cell).replace("−", "-"))) for cell in numbers)


def test_a_function_without_a_page_is_not_linked() -> None:
    guide = function_page.content(actfn.swiglu, "en", ("swiglu", "swish"))["guide"]
    assert '<a href="swish.html">' in guide
    assert "<code>swiglu_oai</code>" in guide and 'href="swiglu_oai.html"' not in guide


def test_a_process_that_is_killed_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Killed(ProcessPoolExecutor):
        def map(self, *arguments: object, **keywords: object) -> Iterator[object]:
            yield [("index.html", "a page")]
            raise BrokenProcessPool

    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(site, "ProcessPoolExecutor", Killed)
    assert main(["handbook", "-o", str(tmp_path / "site"), "--common"]) == 2
    assert capsys.readouterr().err == "actfn: a process that rendered pages was killed, perhaps for want of memory.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_handbook_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    # A shell lets what runs behind it ignore Ctrl-C.
    code = "import signal, sys; from actfn.cli import main; signal.signal(signal.SIGINT, signal.default_int_handler)"
    arguments = ["handbook", "-o", str(tmp_path / "site")]
    command = [sys.executable, "-c", f"{code}\nif __name__ == '__main__': sys.exit(main({arguments!r}))"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not list(tmp_path.glob(".site.*/new/en/*.html")):
        time.sleep(0.1)
    # A terminal sends Ctrl-C to every process.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_what_is_summed_over_a_row_keeps_its_cases() -> None:
    latex = actfn.sparsemax.latex(1)
    assert "NaN" not in latex and "cases" not in latex
    assert r"\left[{x}_{j} > \tau\right]" in latex and latex.endswith(r"\max\left(0, - \tau + {x}_{j}\right) = 1")
    shown = formulas.formula(actfn.sparsemax)
    assert shown.count("<mo>∑</mo>") == 1 and "<mi>τ</mi>" in shown
    # The terms of apl have cases of their own.
    (total,) = readable(actfn.apl.sympy(1), 1).atoms(sympy.Sum)
    slope = 0.0
    for k, hinge in enumerate(({"a": 0.2, "b": 0.5}, {"a": -0.7, "b": -1.0}), start=1):
        term = total.function.subs(total.limits[0][0], k)
        known = {one: hinge[str(one.base)] for one in term.atoms(sympy.Indexed)}
        slope += float(term.subs(known).subs({one: -0.25 for one in term.free_symbols if str(one) == "x"}))
    assert slope == pytest.approx(float(actfn.apl.vjp(-0.25, 1.0, a=[0.2, -0.7], b=[0.5, -1.0])), rel=1e-12)
    assert actfn.slaf.latex(1).count("x^{j - 2}") == 1 and actfn.apl.latex(2) == "0"


def test_words_of_declarations_become_mathematics() -> None:
    assert typographic("max(0, x_i - tau)^2 - sum_j exp(-x_j)") == "max(0, xᵢ − τ)² − Σⱼ exp(−xⱼ)"
    assert (
        typographic("x-transformers, non-monotone, alphabet, max_value")
        == "x-transformers, non-monotone, alphabet, max_value"
    )


@pytest.mark.slow
def test_one_process_writes_what_several_write(whole: Path) -> None:
    alone = site.Site(LANGUAGES, NAMES)
    for job in ("", "index", "mish", "dice", "choosing"):
        for path, text in site._files(alone, job):
            assert (whole / path).read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_every_page_is_there_whole_and_small(whole: Path, pages: dict[str, Page]) -> None:
    files = {"index", *NAMES, *contents.ARTICLES}
    assert set(pages) == {"index.html", *(f"{language}/{file}.html" for language in LANGUAGES for file in files)}
    assert len(list(whole.glob("**/*.*"))) == site.count() + 1  # and the marker
    assert sum(path.stat().st_size for path in whole.rglob("*")) < 60e6
    for path, page in pages.items():
        assert page.count("h1") == page.count("main") == 1
        assert len(page.ids) == len(set(page.ids)), path
        for link in page.links:
            file, _, fragment = link.partition("#")
            if not link.startswith("https://arxiv.org/abs/"):
                target = (whole / path).parent / file if file else whole / path
                assert target.is_file(), (path, link)
                assert not fragment or fragment in pages[target.resolve().relative_to(whole.resolve()).as_posix()].ids


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OTHERS)
def test_a_page_has_what_makes_sense_for_its_kind(pages: dict[str, Page], name: str, language: str) -> None:
    page, function, words = pages[f"{language}/{name}.html"], actfn.get(name), WORDS[language]
    elementwise = function.kind == "elementwise"
    sections = {"picture", "formula", "facts", "accuracy", "code", "guide"}
    sections |= {"elsewhere"} if function.frameworks else set()
    sections |= {"derivation"} if elementwise else {"example"}
    sections |= {"parameters"} if function.parameters else set()
    assert sections <= set(page.ids)
    assert all(words[key] in page.text for key in sections)
    assert (words["properties"] in page.text) == elementwise
    assert all(line[3:] in page.text for line in function.guide(language).splitlines() if line[:3] == "## ")
    assert all(code in page.text for code in snippets(function).values())
    assert any(tag == "svg" and given.get("role") == "img" for tag, given in page.tags)
    assert any("sparkline" not in (given.get("class") or "") for tag, given in page.tags if tag == "svg")


@pytest.mark.slow
def test_no_page_shows_the_marks_of_what_it_was_made_of(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        plain = re.sub(r"<(pre|code)\b.*?</\1>", "", page.source, flags=re.DOTALL)
        formulas = " ".join(re.findall(r"<math.*?</math>", plain, flags=re.DOTALL))
        assert not re.search(r">(nan|NaN|None|zoo)<|Piecewise|Heaviside|Subs|Derivative", formulas), path
        text = re.sub(r"<[^>]*>", "", re.sub(r"<math.*?</math>", "", plain, flags=re.DOTALL))
        assert not re.search(r"\*\*|\$|\\[a-zA-Z]", text), path


@pytest.mark.slow
def test_chinese_pages_say_everything_in_chinese(pages: dict[str, Page]) -> None:
    for name in NAMES:
        english, chinese = (pages[f"{language}/{name}.html"] for language in LANGUAGES)
        assert english.ids == chinese.ids, name
        for key in ("svg", "table", "pre", "tr"):
            assert english.count(key) == chinese.count(key), (name, key)
        facts = chinese.source.split('id="facts"')[1].split("</section>")[0]
        words = set(re.findall("[A-Za-z]{4,}", re.sub(r"<[^>]*>|<code.*?</code>", "", facts)))
        names = {word for one in (name, *actfn.get(name).aliases) for word in re.findall("[A-Za-z]{4,}", repr(one))}
        inverse = set(re.findall("[A-Za-z]{4,}", repr(actfn.get(name).inverse)))
        assert words <= {"SymPy", "float", "bfloat", "sqrt"} | names | inverse, (name, words)


@pytest.mark.slow
def test_the_index_filters_all_functions(pages: dict[str, Page]) -> None:
    for language in LANGUAGES:
        cards = [given for tag, given in pages[f"{language}/index.html"].tags if tag == "li" and "data-kind" in given]
        assert len(cards) == len(NAMES)
        kinds = {card["data-kind"] for card in cards}
        options = {
            given["value"]
            for tag, given in pages[f"{language}/index.html"].tags
            if tag == "option" and given.get("value")
        }
        assert kinds <= options
        (dice,) = (card for card in cards if (card["data-text"] or "").startswith("dice "))
        assert dice["data-libraries"] == "Echo"
