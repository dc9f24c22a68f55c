"""Every function has a guide in each language: the same sections, the same code, and traps that are sprung."""

from __future__ import annotations

import ast
import doctest
import math
import re
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import GUIDED

import actfn

GUIDES = Path(actfn.__file__).parent / "guides"
NAMES = GUIDED
HEADINGS = {
    "en": (
        "What it is for",
        "Strengths",
        "Weaknesses",
        "Vanishing, exploding and dead gradients",
        "When to use it",
        "What to use instead",
        "Claims to distrust",
        "Traps in textbook code",
    ),
    "zh": (
        "用途",
        "优点",
        "缺点",
        "梯度消失、梯度爆炸与神经元死亡",
        "适用场景",
        "替代方案",
        "似是而非的说法",
        "教科书代码的陷阱",
    ),
}
CLAIM = {
    "en": re.compile(r"^- \"[^\"]+[.?!]\" \S", re.MULTILINE),
    "zh": re.compile(r"^- “[^”]+[。？！]”\S", re.MULTILINE),
}
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?", re.ASCII)
LONGEST = 130  # lines: a guide is read in one go


def sections(text: str) -> tuple[str, dict[str, str]]:
    """Return what stands above the first heading of level 2, and the text below each of them."""
    hidden = CODE.sub(lambda block: re.sub(r"^#", " ", block[0], flags=re.MULTILINE), text)
    top, *rest = re.split(r"^## ", hidden, flags=re.MULTILINE)
    return top, {heading: body for heading, _, body in (part.partition("\n") for part in rest)}


def examples(text: str) -> list[doctest.Example]:
    return doctest.DocTestParser().get_examples(text)


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_function_has_a_guide_with_the_eight_sections_and_none_is_empty(name: str, language: str) -> None:
    guide = actfn.get(name).guide(language)
    assert guide == (GUIDES / language / f"{name}.md").read_text(encoding="utf-8")
    top, found = sections(guide)
    assert top.startswith(f"# {name}\n")
    assert len(top) > len(f"# {name}") + 40
    assert tuple(found) == HEADINGS[language]
    for heading, body in found.items():
        assert len(CODE.sub("", body).strip()) > 20, heading
    assert guide.count("\n") <= LONGEST


@pytest.mark.parametrize("language", HEADINGS)
def test_every_guide_has_a_function(language: str) -> None:
    assert {path.stem for path in (GUIDES / language).iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_guides_of_both_languages_have_the_same_code_in_the_same_sections(name: str) -> None:
    english, chinese = (sections(actfn.get(name).guide(language))[1].values() for language in HEADINGS)
    assert [CODE.findall(body) for body in english] == [CODE.findall(body) for body in chinese]


@pytest.mark.parametrize("name", NAMES)
def test_the_guides_of_both_languages_have_the_same_points(name: str) -> None:
    counts = []
    for language in HEADINGS:
        _, found = sections(actfn.get(name).guide(language))
        counts.append([len(re.findall(r"^- ", CODE.sub("", body), flags=re.MULTILINE)) for body in found.values()])
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_guides_of_both_languages_state_the_same_numbers(name: str) -> None:
    english, chinese = (sections(actfn.get(name).guide(language))[1].values() for language in HEADINGS)
    assert [numbers(body) for body in english] == [numbers(body) for body in chinese]


def numbers(body: str) -> set[str]:
    """Return the numbers of at least two digits in the prose: one language may spell the others out."""
    prose = re.sub(r"\$[^$]*\$|`[^`]*`", "", CODE.sub("", body))
    return {found for found in NUMBER.findall(prose) if len(re.findall(r"\d", found)) > 1}


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("name", NAMES)
def test_claims_are_quoted_and_answered_with_a_number(name: str, language: str) -> None:
    body = sections(actfn.get(name).guide(language))[1][HEADINGS[language][6]]
    claims = re.split(r"^- ", CODE.sub("", body), flags=re.MULTILINE)[1:]
    assert len(claims) >= 2
    assert len(claims) == len(CLAIM[language].findall(body))
    assert examples(body)
    for claim in claims:
        assert re.search(r"\d", claim), claim


@pytest.mark.parametrize("name", NAMES)
def test_a_trap_is_sprung(name: str) -> None:
    body = sections(actfn.get(name).guide())[1][HEADINGS["en"][7]]
    pairs = [pair for example in examples(body) for pair in shown_side_by_side(example, name)]
    assert any(differ(naive, right) for naive, right in pairs), "no line shows `naive, actfn.f(x)` with two results"


def test_what_counts_as_a_sprung_trap() -> None:
    def pairs(source: str, want: str) -> list[tuple[Any, Any]]:
        return shown_side_by_side(doctest.Example(source, want), "relu")

    assert pairs("max(0, x), float(actfn.relu(x))", "(0, nan)") == [(0, pytest.approx(math.nan, nan_ok=True))]
    assert pairs("actfn.relu(x), actfn.relu(-x)", "(0.0, 1.0)") == []
    assert pairs("max(0, x), actfn.prelu(x)", "(0.0, 1.0)") == []
    assert pairs("naive, actfn.relu.derivative(x)", "([0.0], [1.0])") == [([0.0], [1.0])]
    assert differ([math.nan], [0.0])
    assert not differ([math.nan, 1.0], [math.nan, 1.0])
    assert differ("nan", "2e-3")
    assert not differ(0, "0.0")
    assert not differ("overflow", 1.0)


def shown_side_by_side(example: doctest.Example, name: str) -> list[tuple[Any, Any]]:
    """Return the pairs of results in a tuple that an example shows: one not by actfn, one by the function."""
    last = ast.parse(example.source).body[-1]
    if not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Tuple):
        return []
    parts = [ast.unparse(element) for element in last.value.elts]
    results = eval(example.want, {"__builtins__": {}, "nan": math.nan, "inf": math.inf})
    naive = [result for part, result in zip(parts, results, strict=True) if "actfn." not in part]
    right = [result for part, result in zip(parts, results, strict=True) if re.search(rf"\bactfn\.{name}\b", part)]
    return list(product(naive, right))


def differ(naive: Any, right: Any) -> bool:
    """Return whether two results are numbers, or lists of numbers, of which one at least is not the same."""
    try:
        return not np.array_equal(np.asarray(naive, float), np.asarray(right, float), equal_nan=True)
    except ValueError:
        return False
