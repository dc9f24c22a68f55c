"""A derivation as a whole, and how it is shown: as text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from actfn.derivation.names import DEFINITIONS, written_out
from actfn.derivation.printing import latex, mathml, mathml_terms, readable, text
from actfn.derivation.reasons import word
from actfn.derivation.steps import Step

EQUALS = '<mo form="infix">=</mo>'


@dataclass(frozen=True)
class Derivation:
    """The way from a formula to its derivative.

    Attributes
    ----------
    title : str
    formula : sympy.Expr
        What is differentiated.
    steps : tuple of Step
        Each one is either the derivative of what came before or equal to it.
    result : sympy.Expr
        What it comes to; several, in a tuple, for a function of several inputs.
    definitions : mapping of symbol to sympy.Expr
        What the symbols stand for that are neither inputs nor parameters.
    language : {"en", "zh"}
        The language of the reasons.

    Examples
    --------
    >>> import actfn
    >>> derivation = actfn.sigmoid.derivation()
    >>> derivation.result
    (1 - sigma(x))*sigma(x)
    >>> derivation.written_out(derivation.result)
    (1 - 1/(1 + exp(-x)))/(1 + exp(-x))
    """

    title: str
    formula: Any
    steps: tuple[Step, ...]
    result: Any
    definitions: Mapping[Any, Any]
    language: str

    def walk(self) -> Iterator[Step]:
        """Yield every step, each before the smaller ones that it rests on."""
        for step in self.steps:
            yield from step.walk()

    def written_out(self, expression: Any) -> Any:
        """Return an expression of this derivation with every name replaced by what it stands for."""
        return written_out(expression, self.definitions)

    def text(self) -> str:
        """Return the derivation as text, with numbered steps.

        Examples
        --------
        >>> import actfn
        >>> print(actfn.relu.derivation().text().split("left")[0].rstrip())
        Derivative of relu
        <BLANKLINE>
        function: (x if x > 0 else 0)
        <BLANKLINE>
        1. d/dx [(x if x > 0 else 0)] = (1 if x > 0 else 0)
           piecewise function: inside each piece, the derivative of its branch
           1.1. d/dx [x] = 1
                the variable itself has slope 1
           1.2. d/dx [0] = 0
                a constant: c′ = 0
           1.3. [0] at x = 0: 0
                value from the
        """
        colon = self._word("colon")
        lines = [self.title, "", f"{self._word('function')}{colon}{text(self.formula)}", ""]
        for number, step in enumerate(self.steps, 1):
            lines += self._text_of(step, f"{number}.", "")
        lines += ["", f"{self._word('result')}{colon}{text(self.result)}"]
        named = [f"{text(name)} = {_number_or(text, meaning)}" for name, meaning in self._names()]
        return "\n".join([*lines, *([f"{self._word('where')} {', '.join(named)}"] if named else [])])

    def _text_of(self, step: Step, number: str, indent: str) -> Iterator[str]:
        inner = f"{indent}{' ' * (len(number) + 1)}"
        yield f"{indent}{number} {self._claim(step)}"
        yield f"{inner}{step.reason[self.language]}"
        for place, smaller in enumerate(step.steps, 1):
            yield from self._text_of(smaller, f"{number}{place}.", f"{indent}   ")

    def _claim(self, step: Step) -> str:
        before, after = text(step.before), text(step.after)
        if step.variable is None:
            return f"{before} = {after}"
        if step.point is None:
            return f"d/d{text(step.variable)} [{before}] = {after}"
        place = f"{text(step.variable)} = {text(step.point)}"
        return f"[{before}] {word('at', self.language, place=place)}{self._word('colon')}{after}"

    def latex(self) -> str:
        """Return the derivation as one aligned block of LaTeX, with the reasons beside the formulas.

        Examples
        --------
        >>> import actfn
        >>> actfn.tanh.derivation().latex()[:16]
        '\\\\begin{aligned}\\n'
        """
        rows = [rf"& f = {latex(self.formula)}"]
        for step in self.steps:
            rows += self._latex_of(step, 0)
        named = [f"{latex(name)} = {_number_or(latex, meaning)}" for name, meaning in self._names()]
        rows += [rf"& \text{{{self._word('where')}}}\ " + r",\quad ".join(named)] if named else []
        block = "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
        for english in ("for", "otherwise", "and", "or"):
            block = block.replace(rf"\text{{{english}}}", rf"\text{{{self._word(english)}}}")
        return block

    def _latex_of(self, step: Step, depth: int) -> Iterator[str]:
        indent = r"\quad " * depth
        reason = step.reason[self.language].replace("^", r"\^{}").replace("_", r"\_")
        yield rf"& {indent}{_latex_claim(step)} && \text{{{reason}}}"
        for smaller in step.steps:
            yield from self._latex_of(smaller, depth + 1)

    def html(self) -> str:
        """Return the derivation as HTML: MathML for the formulas, and smaller steps that unfold; it needs no network.

        Examples
        --------
        >>> import actfn
        >>> "<details>" in actfn.gelu.derivation().html()
        True
        """
        items = "".join(map(self._html_of, self.steps))
        named = "".join(f"<li>{self._equation(name, meaning)}</li>" for name, meaning in self._names())
        colon = self._word("colon")
        where = f"<p>{self._word('where')}{colon.rstrip()}</p><ul>{named}</ul>" if named else ""
        formula, result = (_claim(*self._pieces(expression)) for expression in (self.formula, self.result))
        return (
            f'<section class="actfn-derivation" lang="{self.language}"><h3>{self.title}</h3>'
            f"<p>{self._word('function')}{colon}{formula}</p><ol>{items}</ol>"
            f"<p>{self._word('result')}{colon}{result}</p>{where}</section>"
        )

    def page(self) -> str:
        """Return the HTML as a whole page.

        Examples
        --------
        >>> import actfn
        >>> actfn.relu.derivation().page()[:15]
        '<!doctype html>'
        """
        return (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8"><title>{self.title}</title>'
            "<style>body{max-width:60em;margin:2em auto;font-family:sans-serif;line-height:1.8}"
            "li{margin:.4em 0}.claim{display:inline-flex;flex-wrap:wrap;align-items:baseline;max-width:95%;"
            "overflow:auto hidden}small{color:#666;margin-left:1em}</style></head>"
            f"<body>{self.html()}</body></html>"
        )

    def _html_of(self, step: Step) -> str:
        reason = _escaped(readable(step.reason[self.language]))
        shown = f"{self._html_claim(step)} <small>{reason}</small>"
        if not step.steps:
            return f"<li>{shown}</li>"
        smaller = "".join(map(self._html_of, step.steps))
        return f"<li><details><summary>{shown}</summary><ol>{smaller}</ol></details></li>"

    def _html_claim(self, step: Step) -> str:
        if step.variable is None:
            return self._equation(step.before, step.after)
        before, variable = (mathml(part, self.language, bare=True) for part in (step.before, step.variable))
        if step.point is None:
            d = "<mo>∂</mo>" if _is_member(step.variable) else "<mi>d</mi>"
            slope = f"<mfrac>{d}<mrow>{d}{variable}</mrow></mfrac>"
            bracketed = f"<math>{slope}<mrow><mo>[</mo>{before}<mo>]</mo></mrow></math>"
            return _claim(bracketed, *self._pieces(step.after, EQUALS))
        place = word("at", self.language, place=self._equation(step.variable, step.point))
        before, after = (_claim(*self._pieces(expression)) for expression in (step.before, step.after))
        return f"{before} {place}{self._word('colon')}{after}"

    def _equation(self, left: Any, right: Any) -> str:
        return _claim(*self._pieces(left), *self._pieces(right, EQUALS))

    def _pieces(self, expression: Any, lead: str = "") -> Iterator[str]:
        """Yield an expression, with what leads to it, in pieces before each of which a line may end."""
        if expression.is_Rational and expression.q > 10**3:
            yield f"<math>{lead}<mn>{float(expression):.15g}</mn></math>"
            return
        (sign, first), *others = mathml_terms(expression, self.language)
        yield f"<math>{lead}<mrow>{'<mo>-</mo>' if sign else ''}{first}</mrow></math>"
        for sign, term in others:
            yield f'<math><mo form="infix">{sign.replace("-", "−")}</mo>{term}</math>'

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _word(self, key: str) -> str:
        return word(key, self.language)

    def _names(self) -> list[tuple[Any, Any]]:
        """Return the names that occur, with what each stands for."""
        shown = [self.formula, *(part for step in self.walk() for part in (step.before, step.after))]
        symbols = set().union(*(part.free_symbols for part in shown))
        functions = {function.func for part in shown for function in part.atoms(sympy.Function)}
        used = [(name, meaning) for name, meaning in self.definitions.items() if name in symbols]
        inside = {function.func for _, meaning in used for function in meaning.atoms(sympy.Function)}
        x = sympy.Symbol("x", real=True)
        return used + [(name(x), make(x)) for name, make in DEFINITIONS.items() if name in functions | inside]


def _latex_claim(step: Step) -> str:
    before, after = latex(step.before), latex(step.after)
    if step.variable is None:
        return f"{before} = {after}"
    variable = latex(step.variable)
    if step.point is None:
        d = r"\partial" if _is_member(step.variable) else "d"
        return rf"\frac{{{d}}}{{{d} {variable}}}\left[{before}\right] = {after}"
    return rf"\left.{before}\right|_{{{variable} = {latex(step.point)}}} = {after}"


def _is_member(variable: Any) -> bool:
    """Return whether a variable is one of a row or group."""
    return isinstance(variable, sympy.Indexed) or str(variable).partition("_")[2].isdigit()


def _number_or(printed: Any, meaning: Any) -> str:
    """Return a decimal where a name stands for a number, since its fraction says nothing."""
    return f"{float(meaning):.15g}" if meaning.is_Rational else str(printed(meaning))


def _claim(*pieces: str) -> str:
    return f'<span class="claim">{"".join(pieces)}</span>'


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
