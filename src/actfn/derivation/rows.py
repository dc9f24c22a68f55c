"""The derivations of functions of several inputs: Jacobians and gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy

from actfn.derivation.document import Derivation
from actfn.derivation.engine import Engine
from actfn.derivation.names import product
from actfn.derivation.reasons import reason_of, word
from actfn.derivation.steps import Step, chain, equality

if TYPE_CHECKING:
    from actfn.functions.declare import Declaration

I, J = sympy.symbols("i j", integer=True, positive=True)
ROW, SHARES, LABELS = (sympy.IndexedBase(name, real=True) for name in ("x", "s", "y"))
# The sum over a row, and those of its terms that have neither index.
SUM, REST = sympy.symbols("S R", positive=True)
DEFINITIONS = {
    SUM: sympy.exp(ROW[I]) + sympy.exp(ROW[J]) + REST,
    SHARES[I]: sympy.exp(ROW[I]) / SUM,
    SHARES[J]: sympy.exp(ROW[J]) / SUM,
}


def derive(declaration: Declaration, lang: str) -> Derivation:
    """Return the Jacobian of softmax or log_softmax, or the gradient of maxout.

    Raises
    ------
    ValueError
        If the function is another one.

    Examples
    --------
    >>> from actfn import catalogue
    >>> derive(catalogue.find("softmax"), "en").result
    (KroneckerDelta(i, j) - s[j])*s[i]
    """
    makers = {"softmax": _softmax, "log_softmax": _log_softmax, "maxout": _maxout}
    if declaration.name not in makers:
        raise ValueError(f"{declaration.name}: no rule covers a function of several inputs but {', '.join(makers)}")
    return makers[declaration.name](lang)


def _softmax(lang: str) -> Derivation:
    s, t = SHARES[I], SHARES[J]
    e, d = sympy.exp(ROW[I]), sympy.exp(ROW[J])
    same = (
        ("split", e / SUM - e**2 / SUM**2),
        ("recognise", s - s**2),
        ("factor", product(s, 1 - s)),
    )
    other = (("split", product(-1, e / SUM, d / SUM)), ("recognise", -s * t))
    return _jacobian("softmax", e / SUM, same, other, product(s, sympy.KroneckerDelta(I, J) - t), lang)


def _log_softmax(lang: str) -> Derivation:
    s, t = SHARES[I], SHARES[J]
    same, other = (("recognise", 1 - s),), (("recognise", -t),)
    return _jacobian("log_softmax", ROW[I] - sympy.log(SUM), same, other, sympy.KroneckerDelta(I, J) - t, lang)


def _jacobian(name: str, function: Any, same: Any, other: Any, both: Any, lang: str) -> Derivation:
    cases = [
        _case("same_index", function, ROW[I], same),
        _case("other_index", function, ROW[J], other),
    ]
    by_case = sympy.Piecewise((cases[0].after, sympy.Eq(I, J)), (cases[1].after, True))
    steps = (*cases, equality("kronecker", by_case, both))
    return Derivation(word("jacobian", lang, name=name), function, steps, both, DEFINITIONS, lang)


def _case(rule: str, function: Any, variable: Any, links: Any) -> Step:
    """Return one entry of a Jacobian, with its derivation as the smaller steps."""
    step = Engine(variable, DEFINITIONS).differentiate(function)
    smaller = (step, *chain(step.after, links))
    return Step(rule, function, smaller[-1].after, reason_of(rule), smaller, variable)


def _maxout(lang: str) -> Derivation:
    group = sympy.symbols("x_1 x_2 x_3", real=True)
    largest = sympy.Max(*group, evaluate=False)
    steps = tuple(Engine(x).differentiate(largest) for x in group)
    result = sympy.Tuple(*(step.after for step in steps))
    return Derivation(word("gradient", lang, name="maxout"), largest, steps, result, {}, lang)


def derivation_of_cross_entropy(lang: str = "en") -> Derivation:
    """Return the derivation of the gradient of the softmax cross-entropy, s_i - y_i.

    The labels y sum to 1. The loss is minus the sum of y_k log s_k, where s is the softmax of x.

    Raises
    ------
    ValueError
        If the language is unknown.

    Examples
    --------
    >>> derivation_of_cross_entropy().result
    s[i] - y[i]
    """
    from actfn.derivation.derive import check_language

    check_language(lang)
    others = sympy.Symbol("Q", real=True)
    x, y, log = ROW[I], LABELS[I], sympy.log(SUM)
    loss = -y * (x - log) - (others - product(1 - y, log))
    combined = log - y * x - others
    combine = equality("labels_sum_to_one", loss, combined)
    step = Engine(x, DEFINITIONS).differentiate(combined)
    steps = (combine, step, *chain(step.after, (("recognise", SHARES[I] - y),)))
    title = word("cross_entropy", lang)
    return Derivation(title, loss, steps, steps[-1].after, DEFINITIONS, lang)
