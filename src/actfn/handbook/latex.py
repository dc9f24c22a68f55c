r"""Turn the LaTeX of the guides into MathML: the small part of the language that they use."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

LETTERS = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "lambda": "λ",
    "mu": "μ",
    "omega": "ω",
    "phi": "φ",
    "pi": "π",
    "sigma": "σ",
    "tau": "τ",
    "theta": "θ",
    "varphi": "φ",
    "epsilon": "ε",
    "varepsilon": "ε",
    "Phi": "Φ",
    "infty": "∞",
    "top": "⊤",
}
OPERATORS = {
    "sum": "∑",
    "int": "∫",
    "cdot": "·",
    "times": "×",
    "le": "≤",
    "leq": "≤",
    "ge": "≥",
    "geq": "≥",
    "ne": "≠",
    "neq": "≠",
    "approx": "≈",
    "to": "→",
    "in": "∈",
    "pm": "±",
    "propto": "∝",
    "langle": "⟨",
    "rangle": "⟩",
    "lVert": "‖",
    "rVert": "‖",
}
NAMES = ("exp", "log", "max", "min", "sinh", "cosh", "tanh", "erf", "arg", "sin", "cos")
SPACES = {",", ";", ":", " ", "quad"}
FENCES = {"left", "right"}
GAP = '<mspace width="0.17em"/>'
TEXT = {"mathrm", "text", "operatorname"}

INCOMPLETE = set("+-=<>/,:([")

TOKEN = re.compile(r"\\(?:[a-zA-Z]+|.)|\d+(?:\.\d+)?|\s+|.", re.DOTALL)


def mathml(latex: str) -> Markup:
    r"""Return a formula as MathML.

    Raises
    ------
    ValueError
        For a command that is not among those that the guides use, or a missing brace.

    Examples
    --------
    >>> print(mathml(r"e^{2x}"))
    <math><msup><mi>e</mi><mrow><mn>2</mn><mi>x</mi></mrow></msup></math>
    >>> print(mathml(r"-x\tanh x"))
    <math><mo form="prefix">−</mo><mi>x</mi><mspace width="0.17em"/><mi>tanh</mi><mspace width="0.17em"/><mi>x</mi></math>
    """
    return Markup(f"<math>{_Reader(latex).formula()}</math>")


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, latex: str) -> None:
        self.latex = latex
        self.tokens = [token for token in TOKEN.findall(latex) if not token.isspace()]
        self.at = 0
        self.complete = False  # whether what stands before could be multiplied, or subtracted from

    def formula(self, closing: str | None = None) -> str:
        """Return what stands up to the closing brace, or the end."""
        parts = []
        self.complete = False
        while self.at < len(self.tokens) and self.tokens[self.at] != closing:
            token = self.tokens[self.at]
            parts.append(GAP if self.complete and token[1:] in NAMES else "")
            parts.append(self.scripted())
            if token[1:] not in SPACES | FENCES:
                self.complete = token[1:] not in OPERATORS.keys() | set(NAMES) and token not in INCOMPLETE
        if closing is not None:
            if self.at == len(self.tokens):
                raise ValueError(f"a brace is missing in {self.latex!r}")
            self.at += 1
        return "".join(parts)

    def scripted(self) -> str:
        """Return one item with its index and exponent."""
        named = self.tokens[self.at][1:] in NAMES
        base = self.item()
        index = exponent = ""
        while self.at < len(self.tokens) and self.tokens[self.at] in ("^", "_", "'"):
            sign = self.tokens[self.at]
            self.at += 1
            if sign == "_":
                index = self.item()
            elif sign == "^":
                exponent = self.item()
            else:
                base = f'<mrow>{base}<mo lspace="0" rspace="0">′</mo></mrow>'
        gap = GAP if named and self.at < len(self.tokens) and self.tokens[self.at] != "(" else ""
        if index and exponent:
            return f"<msubsup>{base}{index}{exponent}</msubsup>{gap}"
        if index:
            return f"<msub>{base}{index}</msub>{gap}"
        return f"<msup>{base}{exponent}</msup>{gap}" if exponent else base + gap

    def item(self) -> str:
        """Return a letter, a number, an operator, a group or what a command makes of its arguments."""
        if self.at == len(self.tokens):
            raise ValueError(f"something is missing at the end of {self.latex!r}")
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return f"<mrow>{self.formula('}')}</mrow>"
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        shape = ' stretchy="false"' if token in "()[]|" else ""
        shape += (
            ' lspace="0" rspace="0"'
            if token == "|"
            else ' form="prefix"'
            if token in "+-" and not self.complete
            else ""
        )
        return f"<mo{shape}>{escape({'-': '−'}.get(token, token))}</mo>"

    def command(self, name: str) -> str:
        if name in LETTERS:
            return f"<mi>{LETTERS[name]}</mi>"
        if name in OPERATORS:
            return f"<mo>{OPERATORS[name]}</mo>"
        if name in NAMES:
            return f"<mi>{name}</mi>"
        if name in SPACES:
            return GAP
        if name in FENCES:
            return self.item()
        if name in TEXT:
            return f"<mi>{self.words()}</mi>"
        if name in ("frac", "tfrac", "dfrac"):
            above = self.item()
            if above.startswith("<mn>") and len(above) > len("<mn>0</mn>"):  # \tfrac12 is 1 over 2
                digits = above.removeprefix("<mn>").removesuffix("</mn>")
                return f"<mfrac><mn>{digits[0]}</mn><mn>{digits[1:]}</mn></mfrac>"
            return f"<mfrac>{above}{self.item()}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.item()}</msqrt>"
        raise ValueError(f"\\{name} in {self.latex!r} is not a command of the guides")

    def words(self) -> str:
        """Return the text of an argument in braces."""
        if self.at == len(self.tokens) or self.tokens[self.at] != "{" or "}" not in self.tokens[self.at :]:
            raise ValueError(f"a brace is missing in {self.latex!r}")
        end = self.tokens.index("}", self.at)
        text = "".join(token.removeprefix("\\") for token in self.tokens[self.at + 1 : end])
        self.at = end + 1
        return str(escape(text))
