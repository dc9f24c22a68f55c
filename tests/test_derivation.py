"""Every step of every derivation is true, in every form in which it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import mpmath
import pytest
import sympy
from reference import ELEMENTWISE, PARAMETERS

import actfn
from actfn import catalogue, formula
from actfn.activation import Activation
from actfn.derivation import Derivation, Step, derivation_of_cross_entropy
from actfn.derivation.engine import Engine
from actfn.derivation.names import sigma

DIGITS = 50
POINTS = 20
# Each name, order and parameter of an elementwise function.
CASES = [
    *((name, order, None) for name in ELEMENTWISE for order in (1, 2)),
    *((name, order, by) for name, values in PARAMETERS.items() for by in values for order in (1, 2)),
]
ROWS = ("softmax", "log_softmax", "maxout")
X = sympy.Symbol("x", real=True)


@cache
def derivation(name: str, order: int = 1, by: str | None = None, lang: str = "en") -> Derivation:
    return actfn.get(name).derivation(order, by, lang)


@pytest.fixture
def forgotten() -> Iterator[None]:
    before = dict(catalogue._all())
    yield
    catalogue._all().clear()
    catalogue._all().update(before)
    catalogue._keys.cache_clear()


def samples(*expressions: Any) -> Iterator[dict[Any, Any]]:
    """Yield numbers of both signs for the symbols, positive ones for those that are positive."""
    symbols = sorted(set().union(*(expression.free_symbols for expression in expressions)), key=str)
    random = Random(0)
    with mpmath.workdps(DIGITS + 40):
        for _ in range(POINTS):
            sizes = {symbol: mpmath.mpf(random.randint(1, 10**30)) / 10**30 * 3 for symbol in symbols}
            yield {s: size if s.is_positive else random.choice((1, -1)) * size for s, size in sizes.items()}


def numerically_equal(left: Any, right: Any) -> bool:
    """Compare two expressions to fifty digits at twenty points."""
    left, right = plain(left), plain(right)
    compared = 0
    with mpmath.workdps(DIGITS + 40):
        for numbers in samples(left, right):
            values = [
                sympy.lambdify([*numbers], expression, modules="mpmath")(*numbers.values())
                for expression in (left, right)
            ]
            assert not any(isinstance(value, mpmath.mpc) for value in values), (left, right, numbers)
            size = max(abs(values[0]), abs(values[1]), mpmath.mpf(10) ** -20)
            if abs(values[0] - values[1]) > size * mpmath.mpf(10) ** -DIGITS:
                return False
            compared += 1
    assert compared == POINTS
    return True


def holds(step: Step, shown: Derivation) -> bool:
    """Tell whether what a step claims is true, by SymPy's own derivative and limit and by fifty digits."""
    before, after = shown.written_out(step.before), shown.written_out(step.after)
    if step.rule == "kronecker":
        cases = both_cases(step.before, step.after)
        return all(numerically_equal(*map(shown.written_out, pair)) for pair in cases)
    variable = plain(step.variable) if step.variable is not None else None
    before, after = plain(before), plain(after)
    if step.point is not None:
        sides = {"left_value": "-", "left_derivative": "-", "limit_of_quotient": "+-"}.get(step.rule, "+")
        before = before.rewrite(sympy.Piecewise) if before.has(sympy.Max) else before
        limit = sympy.limit(before, variable, step.point, sides)
        return bool(sympy.simplify(limit - after) == 0)
    if step.variable is not None:
        before = sympy.diff(before.rewrite(sympy.Piecewise) if before.has(sympy.Max) else before, variable)
        before = before.replace(sympy.DiracDelta, lambda *arguments: sympy.S.Zero)  # away from 0
    return bool(before == after) or numerically_equal(before, after)


def plain(expression: Any) -> Any:
    """Return an expression with the members of a row as symbols, which are numbers like any other."""
    members = expression.atoms(sympy.Indexed)
    return expression.xreplace({m: sympy.Symbol(f"{m.base.name}{m.indices[0]}", real=True) for m in members})


def both_cases(before: Any, after: Any) -> Iterator[tuple[Any, Any]]:
    """Yield two expressions of the indices i and j for equal and for different indices."""
    i, j = sympy.symbols("i j", integer=True, positive=True)
    delta, share = sympy.KroneckerDelta(i, j), sympy.IndexedBase("s", real=True)
    ((same, condition), (different, _)) = before.args
    assert condition == sympy.Eq(i, j)
    yield same, after.subs(delta, 1).xreplace({share[j]: share[i]})
    yield different, after.subs(delta, 0)


@pytest.mark.parametrize(("name", "order", "by"), CASES)
def test_every_step_is_true(name: str, order: int, by: str | None) -> None:
    shown = derivation(name, order, by)
    steps = [*shown.walk()]
    assert steps
    for step in steps:
        assert holds(step, shown), (step.rule, step.before, step.after)


@pytest.mark.parametrize("name", ROWS)
def test_every_step_of_rows_and_groups_is_true(name: str) -> None:
    shown = derivation(name)
    for step in shown.walk():
        assert holds(step, shown), (step.rule, step.before, step.after)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softsign", "selu"])
def test_inverses_have_derivations_too(name: str, order: int) -> None:
    inverse = actfn.get(name).inverse
    assert inverse is not None
    shown = inverse.derivation(order)
    expected = formula.expression(catalogue.find(inverse.name), order, exact=True)
    inside = 1 / (2 + X**2)  # of the domain of them all
    assert numerically_equal(shown.written_out(shown.result).subs(X, inside), expected.subs(X, inside))


@pytest.mark.parametrize(("name", "order", "by"), CASES)
def test_the_result_is_the_derivative_of_the_formula(name: str, order: int, by: str | None) -> None:
    shown = derivation(name, order, by)
    expected = formula.expression(catalogue.find(name), order, by=by, exact=True)
    assert numerically_equal(shown.written_out(shown.result), expected)
    assert expected != 0 or shown.result == 0


@pytest.mark.parametrize(("name", "order", "by"), CASES)
def test_the_steps_hang_together(name: str, order: int, by: str | None) -> None:
    shown = derivation(name, order, by)
    known = shown.formula
    for step in shown.steps:
        if step.rule not in ("difference_quotient", "limit_of_quotient"):
            assert step.before == known, step.rule
            known = step.after
    assert known == shown.result


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "prelu", "elu", "selu", "hard_sigmoid", "maxout"])
def test_the_points_are_in_every_branch(name: str) -> None:
    for pieces in derivation(name).result.atoms(sympy.Piecewise):
        for branch, condition in pieces.args:
            before = sympy.Or(*(earlier for _, earlier in pieces.args[: pieces.args.index((branch, condition))]))
            here = sympy.And(condition, sympy.Not(before))
            assert any(here.subs(numbers) == sympy.true for numbers in samples(pieces)), (name, branch)


def test_a_false_step_is_found() -> None:
    shown = derivation("sigmoid")
    first = shown.steps[0]
    assert holds(first, shown)
    assert not holds(Step("reciprocal", first.before, -first.after, first.reason, (), X), shown)
    assert not holds(Step("split", X, X + sympy.Float("1e-45", 60), first.reason), shown)
    joint = next(step for step in derivation("relu").walk() if step.rule == "right_derivative")
    assert not holds(Step(joint.rule, joint.before, sympy.S.Zero, joint.reason, (), X, joint.point), shown)


@pytest.mark.parametrize(
    ("name", "order", "by", "result"),
    [
        ("sigmoid", 1, None, "sigma(x)*(1 - sigma(x))"),
        ("sigmoid", 2, None, "sigma(x)*(1 - sigma(x))*(1 - 2*sigma(x))"),
        ("tanh", 1, None, "1 - tanh(x)^2"),
        ("elu", 1, None, "(1 if x > 0 else f + alpha)"),
        ("elu", 1, "alpha", "(0 if x > 0 else exp(x) - 1)"),
        ("swish", 1, None, "beta*f + sigma(beta*x)*(1 - beta*f)"),
        ("silu", 1, None, "f + sigma(x)*(1 - f)"),
        ("mish", 1, None, "Delta*swish + f/x"),
        ("gelu", 1, None, "Phi(x) + x*phi(x)"),
        ("gelu", 2, None, "phi(x)*(2 - x^2)"),
        ("softplus", 1, None, "sigma(beta*x)"),
        ("softsign", 1, None, "1/(1 + abs(x))^2"),
        ("relu", 1, None, "(1 if x > 0 else 0)"),
        ("leaky_relu", 1, None, "(1 if x > 0 else negative_slope)"),
        ("prelu", 1, "alpha", "(0 if x > 0 else x)"),
        ("swish", 1, "beta", "x^2*sigma(beta*x)*(1 - sigma(beta*x))"),
        ("hard_sigmoid", 2, None, "0"),
        ("softmax", 1, None, "s[i]*(delta(i, j) - s[j])"),
        ("log_softmax", 1, None, "delta(i, j) - s[j]"),
    ],
)
def test_the_results_are_those_that_people_know(name: str, order: int, by: str | None, result: str) -> None:
    assert f"result: {result}" in derivation(name, order, by).text().splitlines()


def test_the_term_added_and_subtracted_is_shown() -> None:
    (trick,) = [step for step in derivation("sigmoid").steps if step.rule == "add_and_subtract"]
    e = sympy.exp(-X)
    (numerator,) = [factor for factor in trick.after.args if factor.is_Add]
    assert numerator.args == (1, e, -1) and trick.before == e / (1 + e) ** 2
    assert "(1 + exp(-x) - 1)/(1 + exp(-x))^2" in derivation("sigmoid").text()
    assert r"\frac{1 + e^{- x} - 1}" in derivation("sigmoid").latex()
    for name in ("elu", "selu"):
        assert "add_and_subtract" in [step.rule for step in derivation(name).steps]
    # The derivative of a named function is proved where it first occurs, and only there.
    rules = [step.rule for step in derivation("swish", 2).walk()]
    assert rules.count("add_and_subtract") == 1 < rules.count("named")


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("relu", ["continuous", "not the left derivative, so a kink"]),
        ("elu", ["continuous", "a kink unless alpha = 1"]),
        ("leaky_relu", ["continuous", "a kink unless negative_slope = 1"]),
        (
            "hard_sigmoid",
            ["continuous", "the left derivative, so a kink", "continuous", "the left derivative, so a kink"],
        ),
    ],
)
def test_both_sides_of_each_joint_are_compared(name: str, verdicts: list[str]) -> None:
    told = [step for step in derivation(name).walk() if step.rule in ("right_value", "right_derivative")]
    assert len(told) == len(verdicts)
    for step, verdict in zip(told, verdicts):
        assert verdict in step.reason["en"]
    assert len([step for step in derivation(name).walk() if step.point is not None]) == 2 * len(told)


def test_a_slope_that_jumps_has_no_derivative_there() -> None:
    jump = [step for step in derivation("relu", 2).steps[-1].walk() if step.point is not None]
    assert [step.after for step in jump] == [0, 1]
    assert jump[1].reason["en"].endswith("no derivative here") and "不可导" in jump[1].reason["zh"]
    (zero,) = {step.point for step in derivation("softsign").steps if step.point is not None}
    assert zero == 0 and derivation("softsign").steps[-1].after == 1


def test_softmax_has_both_cases() -> None:
    same, other, both = derivation("softmax").steps
    s, t = (sympy.IndexedBase("s", real=True)[sympy.Symbol(k, integer=True, positive=True)] for k in "ij")
    assert (same.rule, other.rule, both.rule) == ("same_index", "other_index", "kronecker")
    assert sympy.expand(same.after - s * (1 - s)) == 0 and other.after == -s * t
    assert sympy.expand(derivation("log_softmax").steps[0].after - (1 - s)) == 0


def test_the_gradient_of_cross_entropy() -> None:
    shown = derivation_of_cross_entropy()
    for step in shown.walk():
        assert holds(step, shown), (step.rule, step.before, step.after)
    assert "result: s[i] - y[i]" in shown.text()
    assert "交叉熵" in derivation_of_cross_entropy("zh").title
    with pytest.raises(ValueError, match="'fr' is unknown; known are en, zh"):
        derivation_of_cross_entropy("fr")


def test_the_gradient_of_maxout() -> None:
    first, second, third = derivation("maxout").result
    numbers = dict(zip(sympy.symbols("x_1 x_2 x_3", real=True), (1, 5, 3)))
    assert [slope.subs(numbers) for slope in (first, second, third)] == [0, 1, 0]


def test_maximum_and_minimum() -> None:
    shown = derivation("relu")
    for limited in (sympy.Max(X, 0), sympy.Min(X**2, 1), sympy.Min(sympy.Max(X, -1), 1)):
        step = Engine(X).differentiate(limited)
        assert all(holds(part, shown) for part in step.walk()), limited
        assert any(part.rule == "right_derivative" for part in step.walk())


@pytest.mark.parametrize(
    "expression",
    [
        *(function(2 * X) for function in (sympy.sin, sympy.cos, sympy.tan, sympy.atan, sympy.sinh, sympy.cosh)),
        *(function(X / 100) for function in (sympy.asin, sympy.acos, sympy.atanh, sympy.erf, sympy.erfc)),
        sympy.asinh(X**3),
        sympy.acosh(2 + X**2),
        sympy.sqrt(1 + X**2),
        sympy.log(1 + X**2),
        3**X,
        (1 + X**2) ** X,
        sympy.exp(X) / X**2,
        X**2 * sympy.exp(X) * sigma(X),
        abs(X - 100) + sympy.sign(X),
    ],
    ids=str,
)
def test_each_rule(expression: Any) -> None:
    shown = derivation("relu")
    for step in Engine(X).differentiate(expression).walk():
        assert holds(step, shown), (step.rule, step.before, step.after)


def user(formula_of: Any) -> Activation:
    """Declare a function of a user's with a formula."""

    class odd:
        """A function of a user's."""

        formula = formula_of

        def value(m: Any, x: Any) -> Any:
            return x

        first = second = value

        def range() -> actfn.Interval:
            return actfn.Interval()

    return actfn.elementwise()(odd)


@pytest.mark.usefixtures("forgotten")
def test_functions_of_users() -> None:
    shown = user(lambda m, x: x * m.atan(x) + m.number("0.25") * x).derivation()
    assert all(holds(step, shown) for step in shown.walk())
    assert shown.definitions == {sympy.Symbol("c", positive=True): sympy.Rational(1, 4)}
    assert "where c = 0.25" in shown.text()
    with pytest.raises(ValueError, match=re.escape("odd: no rule covers the derivative of floor(2*x) by x")):
        user(lambda m, x: x + m.exp(m.floor(2 * x))).derivation()
    with pytest.raises(ValueError, match=re.escape("no rule covers the derivative of besselj(2, x) by x")):
        user(lambda m, x: m.besselj(2, x) + x).derivation()
    with pytest.raises(ValueError, match="odd: SymPy cannot read the formula: .*nothing"):
        user(lambda m, x: m.nothing(x)).derivation()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("relu", {"order": 3}, "relu: a derivation has order 1 or 2, got 3"),
        ("relu", {"order": 0}, "relu: a derivation has order 1 or 2, got 0"),
        ("relu", {"by": "beta"}, "relu has no parameter 'beta' to differentiate by; it has none"),
        ("swish", {"by": "alpha"}, "swish has no parameter 'alpha' to differentiate by; it has beta"),
        ("maxout", {"by": "group_size"}, "maxout has no parameter 'group_size' to differentiate by"),
        ("softmax", {"order": 2}, "softmax is a function of several inputs: its derivation has order 1, got 2"),
        ("relu", {"lang": "fr"}, "language 'fr' is unknown; known are en, zh"),
    ],
)
def test_errors_repeat_what_was_given(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        actfn.get(name).derivation(**arguments)
