"""The derivation of a declared elementwise function, and which derivation belongs to which kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy

from actfn import formula
from actfn.derivation import rows
from actfn.derivation.document import Derivation
from actfn.derivation.engine import Engine, UncoveredError
from actfn.derivation.forms import form_of
from actfn.derivation.reasons import LANGUAGES, word
from actfn.derivation.steps import Step, chain

if TYPE_CHECKING:
    from actfn.functions.declare import Declaration

# The kinds of function that have derivations.
DERIVED = ("elementwise", "simplex", "grouped", "gated")

# Decimals that the papers have a letter for.
LETTERS = {"1.0507": "lambda", "1.6732": "alpha"}


class NamedDecimals(formula.SymPyNamespace):
    """The namespace in which a formula keeps |x| whole and gives each decimal a letter."""

    def __init__(self) -> None:
        super().__init__(exact=True, branches=False)
        self.decimals: dict[Any, Any] = {}

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        # Branches within the last branch are more branches of the whole.
        more = otherwise.args if isinstance(otherwise, sympy.Piecewise) else ((otherwise, True),)
        return sympy.Piecewise((chosen, condition), *more)

    def number(self, decimal: str) -> Any:
        value = sympy.Rational(decimal)
        known = [symbol for symbol, meaning in self.decimals.items() if meaning == value]
        if known:
            return known[0]
        letter = LETTERS.get(decimal[:6], f"c_{len(self.decimals) + 1}" if self.decimals else "c")
        symbol = sympy.Symbol(letter, real=True, positive=value > 0 or None)
        self.decimals[symbol] = value
        return symbol


def derive(declaration: Declaration, order: int = 1, by: str | None = None, lang: str = "en") -> Derivation:
    """Return the derivation of the first or second derivative, by the input or by a parameter.

    Raises
    ------
    ValueError
        If the order is neither 1 nor 2, the language or the parameter is unknown, or no rule covers the formula.

    Examples
    --------
    >>> from actfn import catalogue
    >>> derive(catalogue.find("swish"), by="beta").result
    x**2*(1 - sigma(beta*x))*sigma(beta*x)
    """
    name = declaration.name
    check_language(lang)
    if order not in (1, 2) or isinstance(order, bool):
        raise ValueError(f"{name}: a derivation has order 1 or 2, got {order!r}")
    numeric = declaration.parameters if declaration.kind == "elementwise" else {}
    if by is not None and by not in numeric:
        has = f"it has {', '.join(numeric)}" if numeric else "it has none"
        raise ValueError(f"{name} has no parameter {by!r} to differentiate by; {has}")
    if declaration.kind not in DERIVED:
        raise ValueError(f"{name} is {declaration.kind}: derivations are written for {', '.join(DERIVED)} functions")
    if declaration.kind != "elementwise":
        if order > 1:
            raise ValueError(f"{name} is a function of several inputs: its derivation has order 1, got {order}")
        return _gated(declaration, lang) if declaration.kind == "gated" else rows.derive(declaration, lang)
    try:
        return _elementwise(declaration, order, by, lang)
    except UncoveredError as error:
        raise ValueError(f"{name}: {error}") from None


def _gated(declaration: Declaration, lang: str) -> Derivation:
    """Return the derivatives by gate and by up, one after the other."""
    namespace, arguments = NamedDecimals(), formula.symbols(declaration)
    function = sympy.sympify(declaration.formula(namespace, *arguments))
    engines = [Engine(argument, namespace.decimals) for argument in arguments[:2]]
    steps = tuple(engine.differentiate(function) for engine in engines)
    result = sympy.Tuple(*(step.after for step in steps))
    return Derivation(word("gradient", lang, name=declaration.name), function, steps, result, namespace.decimals, lang)


def check_language(lang: str) -> None:
    """Raise ValueError unless there are reasons in the language."""
    if lang not in LANGUAGES:
        raise ValueError(f"language {lang!r} is unknown; known are {', '.join(LANGUAGES)}")


def _elementwise(declaration: Declaration, order: int, by: str | None, lang: str) -> Derivation:
    namespace, arguments = NamedDecimals(), formula.symbols(declaration)
    try:
        function = sympy.sympify(declaration.formula(namespace, *arguments))
    except AttributeError as error:
        raise ValueError(f"{declaration.name}: SymPy cannot read the formula: {error}") from None
    # A function of the user's that bears no name of the package has no form of its own.
    own = declaration.module.startswith("actfn.functions.")
    form = form_of(declaration.name if own else "", function, arguments)
    variable = arguments[0] if by is None else arguments[1 + list(declaration.parameters).index(by)]
    definitions = {**form.definitions, **namespace.decimals}
    engine = Engine(variable, definitions)
    steps: list[Step] = [*chain(function, form.start)]
    steps += _differentiated(engine, steps, function, form.first if by is None else form.by.get(by, ()))
    if order == 2:
        again = form.carried if by is None and form.carried is not None else _explicit(steps, engine)
        # What was rewritten after that leads elsewhere.
        steps = steps[: max(place for place, step in enumerate(steps, 1) if step.after == again)]
        steps += _differentiated(engine, [], again, form.second if by is None else ())
    elif by is None:
        steps += form.after
    result = [step for step in steps if step.point is None and step.rule != "difference_quotient"][-1].after
    title = word(f"title{order}_by" if by else f"title{order}", lang, name=declaration.name, by=by or "")
    return Derivation(title, function, tuple(steps), result, definitions, lang)


def _differentiated(engine: Engine, before: list[Step], expression: Any, links: Any) -> tuple[Step, ...]:
    """Return the step to the derivative, and the rewriting of it to the form that people know."""
    step = engine.differentiate(before[-1].after if before else expression)
    return step, *chain(step.after, links)


def _explicit(steps: list[Step], engine: Engine) -> Any:
    """Return the last result that does not speak of f, whose own derivative would be circular."""
    return next(step.after for step in reversed(steps) if not step.after.has(sympy.Symbol("f", real=True)))
