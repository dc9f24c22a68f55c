"""How a derivation is shown: what is written means what was derived, as text, LaTeX and HTML, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy
from reference import ELEMENTWISE
from test_cli import fails, run, run_here
from test_derivation import CASES, ROWS, derivation, samples

from actfn.cli import main
from actfn.derivation import Derivation, printing
from actfn.derivation.names import written_out

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(("name", "order", "by"), [*CASES, *((name, 1, None) for name in ROWS)])
def test_reasons_are_in_both_languages(name: str, order: int, by: str | None) -> None:
    for step in derivation(name, order, by).walk():
        assert CHINESE.search(step.reason["zh"]), step.rule
        assert not CHINESE.search(step.reason["en"]) and step.reason["en"]
        assert "{" not in step.reason["zh"] + step.reason["en"], step.rule
    chinese = derivation(name, order, by, "zh")
    assert chinese.steps == derivation(name, order, by).steps
    assert "导数" in chinese.title or "梯度" in chinese.title or "雅可比矩阵" in chinese.title
    for step in chinese.walk():
        assert step.reason["zh"] in chinese.text()


def test_the_terms_are_those_of_chinese_textbooks() -> None:
    told = "".join(derivation(name, 1, None, "zh").text() for name in ("swish", "tanh", "elu", "mish"))
    for term in ("链式法则", "乘积法则", "商的求导法则", "分段函数", "左导数", "右导数"):
        assert term in told


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", [*ELEMENTWISE, *ROWS])
def test_html_is_whole_and_needs_no_network(name: str, lang: str) -> None:
    shown = derivation(name, 1, None, lang)
    root = xml.fromstring(shown.html())
    assert root.attrib["lang"] == lang
    steps = [*shown.walk()]
    assert len(root.findall(".//details")) == sum(bool(step.steps) for step in steps)
    assert len(root.findall(".//small")) == len(steps)
    words = {"en": {"otherwise", "and", "or"}, "zh": {"其他", "且", "或"}}[lang]
    assert root.findall(".//math") and {(said.text or "").strip() for said in root.findall(".//mtext")} <= words
    assert "http" not in shown.page() and "<script" not in shown.page()
    assert shown._repr_html_() == shown.html()


@pytest.mark.parametrize(("name", "order", "by"), [*CASES, *((name, 1, None) for name in ROWS)])
def test_latex_is_whole(name: str, order: int, by: str | None) -> None:
    shown = derivation(name, order, by)
    written = shown.latex()
    assert written.count("{") == written.count("}") and written.count(r"\left") == written.count(r"\right")
    assert written.startswith(r"\begin{aligned}") and written.endswith(r"\end{aligned}")
    assert written.count("&&") == len([*shown.walk()])
    assert shown._repr_latex_() == f"$\\displaystyle {written}$"


def shown_expressions(shown: Derivation) -> Iterator[Any]:
    for step in shown.walk():
        yield from (step.before, step.after)


def read(written: str, numbers: dict[str, Any]) -> Any:
    """Evaluate what was written as a Python expression."""
    spi = mpmath.sqrt(2 * mpmath.pi)
    known = {
        **{name: getattr(mpmath, name) for name in ("exp", "log", "tanh", "erf", "sqrt", "sign", "pi")},
        "abs": abs,
        "sigma": lambda v: 1 / (1 + mpmath.exp(-v)),
        "softplus": lambda v: mpmath.log(1 + mpmath.exp(v)),
        "Phi": mpmath.ncdf,
        "phi": lambda v: mpmath.exp(-v * v / 2) / spi,
        "Max": max,
    }
    return eval(written, {"__builtins__": {}}, {**known, **numbers})


def from_mathml(element: xml.Element) -> str:
    """Return presentation MathML as a Python expression."""
    parts = [from_mathml(child) for child in element]
    inside = "".join(parts) or (element.text or "")
    back = {"⁢": "*", "\u2061": "", "=": "==", "≤": "<=", "≥": ">=", "{": "", "λ": "lambda_", "max": "Max"}
    greek = {"α": "alpha", "β": "beta", "σ": "sigma", "Φ": "Phi", "φ": "phi", "Δ": "Delta", "π": "pi", "e": "exp(1)"}
    match element.tag:
        case "mfrac":
            return f"(({parts[0]})/({parts[1]}))"
        case "msup":
            return f"(({parts[0]})**({parts[1]}))"
        case "msub":
            return f"{parts[0]}_{parts[1]}"
        case "msqrt":
            return f"sqrt({inside})"
        case "mtext":
            return inside.replace("\u00a0", " ")
        case "mtr":
            return f"({parts[0]})" if parts[1] == "otherwise" else f"({parts[0]}) if ({parts[1]}) else "
        case "mtable":
            return f"({inside})"
        case "mrow" if element[0].text == "|" == element[-1].text:
            return f"abs({''.join(parts[1:-1])})"
        case "mrow" if element[0].text == "-" or len(element) > 1:
            return f"({inside})" if not parts[0].isalpha() or "*" in parts or "+" in parts else inside
    return {**back, **greek}.get(inside, inside)


@pytest.mark.parametrize(("name", "order", "by"), [*CASES, ("maxout", 1, None)])
def test_what_is_written_is_what_is_meant(name: str, order: int, by: str | None) -> None:
    shown = derivation(name, order, by)
    for expression in {*shown_expressions(shown), shown.formula, shown.result} - {sympy.S.Zero}:
        if isinstance(expression, sympy.Tuple):
            continue
        for numbers in [*samples(expression)][:3]:
            named = {str(symbol).replace("lambda", "lambda_"): number for symbol, number in numbers.items()}
            meant = sympy.lambdify([*numbers], written_out(expression), modules="mpmath")(*numbers.values())
            text = printing.text(expression).replace("lambda", "lambda_").replace("^", "**")
            mathml = from_mathml(xml.fromstring(printing.mathml(expression)))
            assert read(text, named) == pytest.approx(meant, rel=1e-14), text
            assert read(mathml, named) == pytest.approx(meant, rel=1e-14), mathml


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sigmoid", r"\frac{d}{d x}\left[\frac{1}{1 + e^{- x}}\right] = \frac{e^{- x}}{\left(1 + e^{- x}\right)^{2}}"),
        ("sigmoid", r"= \sigma{\left(x \right)} \left(1 - \sigma{\left(x \right)}\right) &&"),
        ("tanh", r"= 1 - \tanh^{2}{\left(x \right)} &&"),
        ("swish", r"= \beta f + \sigma{\left(\beta x \right)} \left(1 - \beta f\right) &&"),
        ("mish", r"= \Delta \mathrm{swish} + \frac{f}{x} &&"),
        ("gelu", r"= \Phi{\left(x \right)} + x \phi{\left(x \right)} &&"),
        ("softsign", r"= \frac{1}{\left(1 + \left|{x}\right|\right)^{2}} &&"),
        ("softmax", r"= s_{i} \left(\delta_{i j} - s_{j}\right) &&"),
        ("relu", r"\left.0\right|_{x = 0} = 0 && \text{value from the left}"),
    ],
)
def test_latex_as_in_the_textbook(name: str, written: str) -> None:
    assert written in derivation(name).latex()


def test_latex_speaks_the_language() -> None:
    assert r"0 & \text{其他} \end{cases}" in derivation("relu", 1, None, "zh").latex()
    assert "otherwise" not in derivation("relu", 1, None, "zh").latex()
    assert r"\mathrm{negative\_slope}" in derivation("leaky_relu").latex()


@pytest.mark.parametrize(("lang", "otherwise", "colon"), [("en", "otherwise", ": "), ("zh", "其他", "：")])
def test_html_speaks_the_language(lang: str, otherwise: str, colon: str) -> None:
    root = xml.fromstring(derivation("elu", 1, None, lang).html())
    tables = root.findall(".//mtable")
    assert {table[-1][-1][0].text for table in tables} == {otherwise}
    first = root.find("p")
    assert first is not None and (first.text or "").endswith(colon)
    assert "内层函数 u = β x" in derivation("swish", 1, None, "zh").html()


def test_long_equations_have_places_to_break() -> None:
    root = xml.fromstring(derivation("swish").html())
    last = root.findall("./ol/li/span")[-1]
    shown = ["".join(piece.itertext()).replace("\u2061", "").replace("\u2062", "") for piece in last]
    assert shown == ["βf", "+σ(βx)", "−βfσ(βx)", "=βf", "+σ(βx)(1-βf)"]


def test_members_of_rows_have_partial_derivatives() -> None:
    assert r"\frac{\partial}{\partial x_{i}}" in derivation("softmax").latex()
    for name in ("softmax", "maxout"):
        assert "<mfrac><mo>∂</mo><mrow><mo>∂</mo><msub>" in derivation(name).html()
    assert "∂" not in derivation("swish").html()


def test_sympy_comes_when_it_is_needed() -> None:
    code = (
        "import sys, actfn; assert 'sympy' not in sys.modules; sys.modules['sympy'] = None\n"
        "try: actfn.relu.derivation()\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == 'this needs SymPy: pip install "actfn[formula]"\n'


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "sigmoid"]) == 0
    assert capsys.readouterr().out == f"{derivation('sigmoid').text()}\n"
    assert main(["derive", "swish", "--order", "2", "--by", "beta", "--lang", "zh", "--format", "latex"]) == 0
    assert capsys.readouterr().out == f"{derivation('swish', 2, 'beta', 'zh').latex()}\n"
    assert main(["derive", "SiLU", "--format", "html"]) == 0
    assert capsys.readouterr().out == f"{derivation('silu').page()}\n"


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    done = run("derive", "gelu", "--lang", "zh", "--format", "html", "-o", "gelu.html", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    assert (tmp_path / "gelu.html").read_text(encoding="utf-8") == f"{derivation('gelu', lang='zh').page()}\n"
    fails(run("derive", "gelu", "-o", "gelu.html", cwd=tmp_path), "gelu.html exists already", "--force")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("gelv",), ("'gelv'", "did you mean gelu")),
        (("gelu", "--lang", "fr"), ("'fr'", "known are en, zh")),
        (("gelu", "--format", "pdf"), ("'pdf'", "html, latex, text")),
        (("gelu", "--by", "beta"), ("gelu has no parameter 'beta'",)),
        (("softmax", "--order", "2"), ("softmax", "order 1")),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], parts: tuple[str, ...], tmp_path: Path) -> None:
    fails(run_here("derive", *arguments, cwd=tmp_path), *parts)


def test_a_sum_is_bracketed_where_it_is_squared() -> None:
    j, n = sympy.symbols("j n", integer=True, positive=True)
    total = sympy.Sum(sympy.exp(sympy.IndexedBase("x")[j]), (j, 1, n))
    assert "<msup><mrow><mo>(</mo><mrow><munderover>" in printing.mathml(total**2)
    assert "<mo>(</mo>" not in printing.mathml(1 / total)
