"""What an Activation says of itself is true: its formula as text, LaTeX and SymPy, and its guides."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import sympy
from reference import DEFAULTS, ELEMENTWISE, GUIDED, PARAMETERS

import actfn
from actfn.formula import written

POINTS = (-3.5, -1.25, -0.5, 0.75, 2.0, 4.5)
BOTH = [
    pytest.param(name, which, id=f"{name}-{i}")
    for name in ELEMENTWISE
    for i, which in enumerate((DEFAULTS, PARAMETERS))
    if name in which
]
NAMES = {
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "erf": math.erf,
    "abs": abs,
    "pi": math.pi,
    "max": max,
    "min": min,
}


@pytest.mark.parametrize(("name", "values"), BOTH)
def test_the_text_computes_the_function(name: str, values: dict[str, dict[str, float]]) -> None:
    function, parameters = actfn.get(name), values[name]
    for x in POINTS:
        told = eval(function.formula.replace("^", "**"), {"__builtins__": {}}, {**NAMES, "x": x, **parameters})
        # Constants are printed to eight digits.
        assert told == pytest.approx(float(function(x, **parameters)), rel=1e-7, abs=0)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize(("name", "values"), BOTH)
def test_sympy_computes_the_function_and_its_derivatives(
    name: str, values: dict[str, dict[str, float]], order: int
) -> None:
    function, parameters = actfn.get(name), values[name]
    expression = function.sympy(order)
    assert {symbol.name for symbol in expression.free_symbols} <= {"x", *parameters}
    for x in POINTS:
        numbers = {symbol: {"x": x, **parameters}[symbol.name] for symbol in expression.free_symbols}
        told = float(expression.subs(numbers).evalf(30))
        assert told == pytest.approx(float(function.derivative(x, order=order, **parameters)), rel=1e-11, abs=0)


@pytest.mark.parametrize("name", actfn.names())
def test_latex_is_whole_and_differs_by_order(name: str) -> None:
    function = actfn.get(name)
    orders = (0, 1, 2) if function.kind == "elementwise" else (0, 1)
    texts = [function.latex(order) for order in orders]
    assert function.latex() == texts[0]
    for text in texts:
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")
        assert text.count(r"\begin") == text.count(r"\end")
        assert "Piecewise" not in text
        assert "Derivative" not in text
    # The second derivative of a straight line is 0, as that of a piecewise straight one; that of a step is twice 0.
    assert len({*texts}) == len(texts) or texts[-1] == "0" or name == "exponential"
    assert (texts[0] == texts[1]) == (name == "exponential")


def test_latex_as_in_the_textbook() -> None:
    assert actfn.softsign.latex() == r"\frac{x}{\left|{x}\right| + 1}"
    assert actfn.mish.latex() == r"x \tanh{\left(\log{\left(e^{x} + 1 \right)} \right)}"
    assert actfn.relu.latex(1) == r"\begin{cases} 1 & \text{for}\: x > 0 \\0 & \text{otherwise} \end{cases}"


def test_formulas_are_written_as_in_a_paper() -> None:
    assert actfn.swish.formula == "x / (1 + exp(-beta * x))"
    assert actfn.hard_sigmoid.formula == "max(0, min(1, slope * x + offset))"
    assert actfn.relu.formula == "x if x > 0 else 0"
    assert actfn.hard_sigmoid.latex().count(r"\begin{cases}") == 1
    assert r"\mathrm{negative\_slope}" in actfn.leaky_relu.latex()
    assert actfn.selu.latex().startswith(r"1.05070098735548 \left(\begin{cases} x &")


def test_the_jacobian_of_rows_is_written_without_sums_over_deltas() -> None:
    shown = actfn.softmax.latex(1)
    assert shown.count(r"\sum") == 2 and shown.count(r"\delta_{i k}") == 1 and r"\delta_{j k}" not in shown
    assert actfn.log_softmax.latex(1).count(r"\delta") == 1


def test_text_brackets_what_it_must() -> None:
    a, b = written.Text("a"), written.Text("b")
    assert (-a * b).text == "-a * b" and (a - (-b)).text == "a - (-b)" and ((-a) ** b).text == "(-a)^b"
    assert (a / (-b)).text == "a / (-b)" and (-(a + b)).text == "-(a + b)" and (a * (-b)).text == "a * (-b)"
    m = written.TextNamespace()
    assert m.where(a >= 1, 1, a).text == "min(1, a)" and m.where(a <= 0, 0, a).text == "max(0, a)"
    assert m.where(a >= 1, 2, a).text == "2 if a >= 1 else a" and m.where(a > 0, b, a).text == "b if a > 0 else a"


def test_sympy_of_rows_and_groups() -> None:
    assert "Sum" in sympy.srepr(actfn.softmax.sympy())
    x = np.array([0.5, -1.0, 2.0])
    expression = actfn.maxout.sympy()
    numbers = dict(zip(sorted(expression.free_symbols, key=str), x))
    assert float(expression.subs(numbers)) == actfn.maxout(x, group_size=3)[0]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", GUIDED)
def test_guides(name: str, language: str) -> None:
    text = actfn.get(name).guide(language)
    assert text.startswith("# ")
    assert name in text.splitlines()[0]
    headings = re.findall(r"^## .+$", text, re.MULTILINE)
    assert len(headings) >= 5
    assert len(headings) == len(re.findall(r"^## .+$", actfn.get(name).guide("en"), re.MULTILINE))
    assert text.count("```") % 2 == 0
    chinese = len(re.findall(r"[\u4e00-\u9fff]", text))
    assert chinese > 200 if language == "zh" else chinese == 0


def test_guide_is_english_unless_told() -> None:
    for name in GUIDED:
        assert actfn.get(name).guide() == actfn.get(name).guide("en") != actfn.get(name).guide("zh")
    unknown: Any
    for unknown in ("fr", "EN", "", None, "../en"):
        with pytest.raises(ValueError, match="en and zh"):
            actfn.mish.guide(unknown)
