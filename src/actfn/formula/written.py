"""The declared formula as readable text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actfn.functions.declare import Declaration


class Text:
    """A formula as text, with as many brackets as it needs and in the order in which it was written."""

    def __init__(self, text: str, strength: int = 9) -> None:
        self.text, self.strength = text, strength

    def _infix(self, sign: str, other: Any, strength: int, swapped: bool = False) -> Text:
        left, right = (_text(other), self) if swapped else (self, _text(other))
        # The right side of - and / needs brackets at equal strength, and so does a minus behind a sign.
        tight = 9 if right.text.startswith("-") else strength + (sign in "-/")
        return Text(f"{left.inside(strength)}{_SPACED[sign]}{right.inside(tight)}", strength)

    def _compared(self, sign: str, other: Any) -> Comparison:
        return Comparison(self, sign, _text(other))

    def inside(self, strength: int) -> str:
        return self.text if self.strength >= strength else f"({self.text})"

    def __add__(self, other: Any) -> Text:
        return self._infix("+", other, 1)

    def __radd__(self, other: Any) -> Text:
        return self._infix("+", other, 1, swapped=True)

    def __sub__(self, other: Any) -> Text:
        return self._infix("-", other, 1)

    def __rsub__(self, other: Any) -> Text:
        return self._infix("-", other, 1, swapped=True)

    def __mul__(self, other: Any) -> Text:
        return self._infix("*", other, 3)

    def __rmul__(self, other: Any) -> Text:
        return self._infix("*", other, 3, swapped=True)

    def __truediv__(self, other: Any) -> Text:
        return self._infix("/", other, 3)

    def __rtruediv__(self, other: Any) -> Text:
        return self._infix("/", other, 3, swapped=True)

    def __pow__(self, other: Any) -> Text:
        return Text(f"{self.inside(7)}^{_text(other).inside(7)}", 6)

    def __neg__(self) -> Text:
        return Text(f"-{self.inside(3)}", 3)

    def __lt__(self, other: Any) -> Comparison:
        return self._compared("<", other)

    def __le__(self, other: Any) -> Comparison:
        return self._compared("<=", other)

    def __gt__(self, other: Any) -> Comparison:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> Comparison:
        return self._compared(">=", other)


class Comparison(Text):
    """A comparison of two formulas; it remembers both sides."""

    def __init__(self, left: Text, sign: str, right: Text) -> None:
        super().__init__(f"{left.text}{_SPACED[sign]}{right.text}", 0)
        self.left, self.sign, self.right = left, sign, right


class Limited(Text):
    """The larger or the smaller of a bound and a formula; it remembers the formula."""

    def __init__(self, which: str, bound: Text, formula: Text, limited: Text) -> None:
        super().__init__(f"{which}({bound.text}, {formula.text})")
        self.limited = limited


_SPACED = {sign: f" {sign} " for sign in ("+", "-", "*", "/", "<", "<=", ">", ">=")}
_LIMITS = {"<=": "max", "<": "max", ">=": "min", ">": "min"}


def _text(value: Any) -> Text:
    return value if isinstance(value, Text) else Text(f"{value:g}")


def _limited(condition: Any, chosen: Text, otherwise: Text) -> Text | None:
    """Return max(a, u) for "a if u <= a else u", and min(a, u) likewise; u may itself be limited on the other side."""
    if not isinstance(condition, Comparison) or chosen.text != condition.right.text:
        return None
    inner = otherwise.limited if isinstance(otherwise, Limited) else otherwise
    if inner.text != condition.left.text:
        return None
    return Limited(_LIMITS[condition.sign], chosen, otherwise, inner)


class TextNamespace:
    """The namespace in which a formula becomes text; the conditions on its thresholds come behind it."""

    pi = Text("pi")
    index = Text("i")

    def __init__(self) -> None:
        self.conditions: list[str] = []

    def number(self, decimal: str) -> Text:
        return Text(f"{float(decimal):.8g}")

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Text:
        chosen, otherwise = _text(chosen), _text(otherwise)
        cases = Text(f"{chosen.text} if {condition.text} else {otherwise.text}", 0)
        return _limited(condition, chosen, otherwise) or cases

    def log1p(self, x: Any) -> Text:
        return Text(f"log({(1 + _text(x)).text})")

    def total(self, x: Text) -> Text:
        return Text(f"sum({x.text})")

    def mean(self, x: Text) -> Text:
        return Text(f"mean({x.text})")

    def top(self, x: Text) -> Text:
        return Text(f"max({x.text} over the row)")

    def positive(self, x: Text) -> Text:
        return Text(f"max(0, {x.text})")

    def clipped(self, x: Text) -> Text:
        return Text(f"min(1, max(0, {x.text}))")

    def threshold(self, terms: Callable[[Text], Text], equals: Any = 1) -> Text:
        tau = Text("tau")
        self.conditions.append(f"sum({terms(tau).text}) = {_text(equals).text}")
        return tau

    def largest(self, x: Text) -> Text:
        return Text(f"max({x.text} over the group)")

    def __getattr__(self, function: str) -> Callable[..., Text]:
        return lambda *arguments: Text(f"{function}({', '.join(_text(a).text for a in arguments)})")


def text(declaration: Declaration) -> str:
    """Return the declared formula as readable text."""
    index = "_i" if declaration.kind == "expansion" else ""
    names = (*declaration.inputs, *(name + index for name in declaration.in_formula))
    namespace = TextNamespace()
    formula: Text = declaration.formula(namespace, *map(Text, names))
    return ", ".join((formula.text, *namespace.conditions))


def has_threshold(declaration: Declaration) -> bool:
    """Tell whether a formula has a threshold, which an equation fixes and no expression gives."""
    return ", sum(" in text(declaration)
