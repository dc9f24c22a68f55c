"""Functions of a row from their definitions, in ball arithmetic: nothing here is shared with the library.

A derivative is a difference quotient of values that are known to many more digits than the step is small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import flint

PRECISION = 1000
STEP = 250  # differences are taken over 2^-250, and are right to about 2^-500
arb = flint.arb
Row = Sequence[Any]


def total(terms: Row) -> Any:
    return sum(terms, start=arb(0))


def largest(x: Row) -> Any:
    best = x[0]
    for value in x[1:]:
        best = value if value.mid() > best.mid() else best
    return best


def logsumexp(x: Row) -> Row:
    # The largest entry counts as 1 by itself, so that log1p keeps the digits of the others.
    top = largest(x)
    first = next(i for i, value in enumerate(x) if (value - top).mid() == 0)
    return [top + total([(value - top).exp() for i, value in enumerate(x) if i != first]).log1p()]


def logmeanexp(x: Row) -> Row:
    return [logsumexp(x)[0] - arb(len(x)).log()]


def softmax(x: Row) -> Row:
    top = largest(x)
    powers = [(value - top).exp() for value in x]
    whole = total(powers)
    return [power / whole for power in powers]


def softmin(x: Row) -> Row:
    return softmax([-value for value in x])


def sigsoftmax(x: Row) -> Row:
    return softmax([value - (1 + (-value).exp()).log() for value in x])


def solu(x: Row) -> Row:
    return [value * share for value, share in zip(x, softmax(x))]


def hardmax(x: Row) -> Row:
    top = largest(x)
    first = next(i for i, value in enumerate(x) if (value - top).mid() == 0)
    return [arb(int(i == first)) for i in range(len(x))]


def threshold(x: Row, sum_above: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Return where a falling function crosses 0, by bisection."""
    for _ in range(PRECISION - 60):
        middle = ((low + high) / 2).mid()
        low, high = (middle, high) if sum_above(middle).mid() >= 0 else (low, middle)
    return arb(low)


def power(base: Any, exponent: Any) -> Any:
    return arb(0) if base.mid() <= 0 else base ** arb(exponent)


def entmax(x: Row, alpha: Any) -> Row:
    if alpha == 1:
        return softmax(x)
    a = arb(alpha) - 1
    top = largest(x)
    z = [(value - top) * a for value in x]

    def shares(tau: Any) -> Row:
        return [power(value - tau, 1 / a) for value in z]

    return shares(threshold(z, lambda tau: total(shares(tau)) - 1, arb(-1), arb(0)))


def sparsemax(x: Row) -> Row:
    return entmax(x, 2)


def entmax15(x: Row) -> Row:
    return entmax(x, 1.5)


def normmax(x: Row, alpha: Any) -> Row:
    c = 1 / (arb(alpha) - 1)
    top = largest(x)
    z = [value - top for value in x]

    def terms(tau: Any) -> Row:
        return [power(value - tau, c) for value in z]

    def above(tau: Any) -> Any:
        return total([term * (value - tau) for term, value in zip(terms(tau), z)]) - 1

    found = terms(threshold(z, above, arb(-1), arb(0)))
    whole = total(found)
    return [term / whole for term in found]


def budget(x: Row, budget: Any) -> Row:
    def parts(tau: Any) -> Row:
        clipped = []
        for value in x:
            excess = value - tau
            clipped.append(arb(0) if excess.mid() <= 0 else arb(1) if excess.mid() >= 1 else excess)
        return clipped

    low = -largest([-value for value in x]) - 1
    return parts(threshold(x, lambda tau: total(parts(tau)) - arb(budget), low, largest(x)))


FUNCTIONS: dict[str, Callable[..., Row]] = {
    function.__name__: function
    for function in (
        *(softmin, logsumexp, logmeanexp, sigsoftmax, solu, hardmax),
        *(sparsemax, entmax15, entmax, normmax, budget),
    )
}


def value(name: str, x: Sequence[float], **parameters: float) -> Row:
    """Return the components of a function as balls."""
    flint.ctx.prec = PRECISION
    found = FUNCTIONS[name]([arb(float(entry)) for entry in x], **parameters)
    # The end of a bisection, where an entry is the threshold itself.
    return [arb(0) if abs(entry.mid()) < arb(2) ** -900 and name == "budget" else entry for entry in found]


def jacobian(name: str, x: Sequence[float], **parameters: float) -> list[Row]:
    """Return the derivative of each component by each entry."""
    flint.ctx.prec = PRECISION
    step = arb(2) ** -STEP
    row = [arb(float(entry)) for entry in x]
    columns = []
    for j in range(len(row)):
        above, below = ([*row[:j], row[j] + side * step, *row[j + 1 :]] for side in (1, -1))
        pairs = zip(FUNCTIONS[name](above, **parameters), FUNCTIONS[name](below, **parameters))
        columns.append([rounded(a - b) / (2 * step) for a, b in pairs])
    return [list(components) for components in zip(*columns)]


def by_parameter(name: str, x: Sequence[float], parameter: str, value: float) -> Row:
    """Return the derivative of each component by a parameter."""
    flint.ctx.prec = PRECISION
    step = arb(2) ** -STEP
    row = [arb(float(entry)) for entry in x]
    above, below = (FUNCTIONS[name](row, **{parameter: arb(value) + side * step}) for side in (1, -1))
    return [rounded(a - b) / (2 * step) for a, b in zip(above, below)]


def rounded(difference: Any) -> Any:
    """Return a difference without its radius, and what is only rounding as 0."""
    middle = difference.mid()
    return arb(0) if abs(middle) < arb(2) ** -(2 * STEP + 100) else middle


def product(matrix: list[Row], g: Sequence[float]) -> Row:
    """Return the gradient of sum(g f)."""
    return [total([arb(float(c)) * row[j] for c, row in zip(g, matrix)]).mid() for j in range(len(matrix[0]))]


def distance(got: float, exact: Any, digits: int = 53, smallest: int = -1074) -> float:
    """Return an error in units in the last place of the exact value."""
    middle = exact.mid()
    if not math.isfinite(got):
        return math.inf
    mantissa, exponent = (int(part) for part in middle.man_exp()) if middle != 0 else (0, 0)
    unit = smallest if mantissa == 0 else max(abs(mantissa).bit_length() + exponent - digits, smallest)
    return float(abs(arb(got) - middle) / arb(2) ** unit)
