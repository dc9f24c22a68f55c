"""Print the polynomial coefficients that the kernels and the vocabulary use, with the error of each polynomial.

Each polynomial interpolates its function at Chebyshev nodes with 60 digits, which is within a factor of two of the best one;
the coefficients are then rounded to float64.

    python tools/coefficients.py
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

import mpmath
from mpmath import mpf

mpmath.mp.dps = 60

Function = Callable[[mpf], mpf]

NORMAL_TAIL_SCALE = 3  # k in t = (a - k) / (a + k)
NORMAL_TAIL_END = mpf("39.5")


def interpolate(function: Function, low: mpf, high: mpf, degree: int) -> list[mpf]:
    """Return the coefficients, lowest first, of the polynomial through the Chebyshev nodes of [low, high]."""
    nodes = [
        (low + high) / 2 + (high - low) / 2 * mpmath.cospi((k + mpf("0.5")) / (degree + 1)) for k in range(degree + 1)
    ]
    matrix = mpmath.matrix([[node**power for power in range(degree + 1)] for node in nodes])
    return list(mpmath.lu_solve(matrix, mpmath.matrix([function(node) for node in nodes])))


def series(function: Function, start: int) -> Function:
    """Return the function given by a power series, summed to 60 digits."""

    def evaluate(x: mpf) -> mpf:
        total, k = mpf(0), start
        while True:
            term = function(mpf(k)) * x ** (k - start)
            total += term
            if abs(term) < mpf(10) ** -65:
                return total
            k += 1

    return evaluate


def normal_tail(a: mpf) -> mpf:
    """P(Z > a) exp(a^2 / 2)."""
    return mpmath.erfc(a / mpmath.sqrt(2)) / 2 * mpmath.exp(a * a / 2)


def gelu_slope(a: mpf) -> mpf:
    """gelu'(-a) exp(a^2 / 2) = normal_tail(a) - a / sqrt(2 pi)."""
    return normal_tail(a) - a / mpmath.sqrt(2 * mpmath.pi)


GELU_SLOPE_ROOT = mpmath.findroot(gelu_slope, mpf("0.75"))


def at_tail_variable(function: Function) -> Function:
    """Express a function of a >= 0 in t = (a - k) / (a + k)."""
    return lambda t: function(NORMAL_TAIL_SCALE * (1 + t) / (1 - t))


def gelu_slope_quotient(a: mpf) -> mpf:
    """gelu_slope(a) / (root - a), with the root's own limit."""
    if abs(a - GELU_SLOPE_ROOT) < mpf(10) ** -25:
        return -mpmath.diff(gelu_slope, GELU_SLOPE_ROOT)
    return gelu_slope(a) / (GELU_SLOPE_ROOT - a)


def error_function_tail(t: mpf) -> mpf:
    """erfc(a) exp(a^2) (a + 2) for t = (a - 2) / (a + 2)."""
    a = 2 * (1 + t) / (1 - t)
    return mpmath.erfc(a) * mpmath.exp(a * a) * (a + 2)


def mills_excess(t: mpf) -> mpf:
    """(phi(a) / P(Z > a) - a) (a + 4) for t = (a - 4) / (a + 4)."""
    a = 4 * (1 + t) / (1 - t)
    return (1 / (mpmath.sqrt(2 * mpmath.pi) * normal_tail(a)) - a) * (a + 4)


def odd_rest(function: Function, slope: mpf, next_term: mpf) -> Function:
    """Return (slope - f(x) / x) / x^2 for an odd function f, in w = x^2; next_term is its limit at 0."""

    def evaluate(w: mpf) -> mpf:
        return (slope - function(mpmath.sqrt(w)) / mpmath.sqrt(w)) / w if w else next_term

    return evaluate


def sqrt_softplus_bend(x: mpf) -> mpf:
    """2 s (1 - p) - p for s = log(1 + e^x) and p = s': what gives the second derivative of sqrt(s) its sign."""
    s, p = mpmath.log(1 + mpmath.exp(x)), 1 / (1 + mpmath.exp(-x))
    return 2 * s * (1 - p) - p


SQRT_SOFTPLUS_ROOT = mpmath.findroot(sqrt_softplus_bend, mpf("0.92"))


def sqrt_softplus_bend_quotient(u: mpf) -> mpf:
    """sqrt_softplus_bend(root + u) / -u, with its limit at 0."""
    if abs(u) < mpf(10) ** -25:
        return -mpmath.diff(sqrt_softplus_bend, SQRT_SOFTPLUS_ROOT)
    return sqrt_softplus_bend(SQRT_SOFTPLUS_ROOT + u) / -u


HALF_STEP = mpmath.log(2) / 2
LOG_END = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) ** 2
# Half a quarter turn, and what rounding adds to it, squared.
CIRCULAR_END = (mpmath.pi / 4 + mpf(2) ** -30) ** 2
# (1/32)^2: half the distance of the arctangent's 16 places.
ARCTANGENT_END = mpf(2) ** -10
TAIL_END = (NORMAL_TAIL_END - NORMAL_TAIL_SCALE) / (NORMAL_TAIL_END + NORMAL_TAIL_SCALE)


def without_leading(function: Function) -> Function:
    """Return what is left of a function after its first two terms at 0, divided by the square."""
    start, slope = function(mpf(0)), mpmath.diff(function, 0)
    return lambda t: (function(t) - start - slope * t) / t**2


def as_float32(number: mpf) -> float:
    """Round to the nearest float32."""
    return struct.unpack("f", struct.pack("f", float(number)))[0]  # type: ignore[no-any-return]


class Polynomial(NamedTuple):
    """What a polynomial stands for: a function on an interval."""

    function: Function
    low: mpf
    high: mpf
    degree: int

    def coefficients(self) -> list[mpf]:
        """Return the coefficients, lowest first."""
        return interpolate(self.function, self.low, self.high, self.degree)

    def error(self, coefficients: list[float]) -> mpf:
        """Return the largest relative error on 2,000 points."""
        points = [self.low + (self.high - self.low) * mpf(k) / 1999 for k in range(2000)]
        return max(abs(mpmath.polyval(coefficients[::-1], p) / self.function(p) - 1) for p in points)


SCALED_TAIL = at_tail_variable(lambda a: normal_tail(a) * (a + NORMAL_TAIL_SCALE))
SCALED_SLOPE = at_tail_variable(gelu_slope_quotient)

SINE = series(lambda k: (-1) ** int(k) / mpmath.factorial(2 * k + 1), 3)
COSINE = series(lambda k: (-1) ** int(k) / mpmath.factorial(2 * k), 3)
ARCTANGENT = series(lambda k: (-1) ** int(k) / (2 * k + 1), 1)

POLYNOMIALS = {
    "exp: (e^r - 1 - r) / r^2": Polynomial(series(lambda k: 1 / mpmath.factorial(k), 2), -HALF_STEP, HALF_STEP, 11),
    "exp, precise: (e^r - 1 - r - r^2/2 - r^3/6 - r^4/24) / r^5": Polynomial(
        series(lambda k: 1 / mpmath.factorial(k), 5), -HALF_STEP, HALF_STEP, 8
    ),
    "log: (2 atanh(s) - 2 s) / s^3, in s^2": Polynomial(series(lambda k: 2 / (2 * k + 1), 1), mpf(0), LOG_END, 7),
    "normal tail: P(Z > a) exp(a^2/2) (a + k), in t": Polynomial(SCALED_TAIL, mpf(-1), TAIL_END, 23),
    "gelu slope: (P(Z > a) - a phi(a)) exp(a^2/2) / (root - a), in t": Polynomial(SCALED_SLOPE, mpf(-1), TAIL_END, 23),
    "error function, small: (2 / sqrt(pi) - erf(x) / x) / x^2, in x^2": Polynomial(
        odd_rest(mpmath.erf, 2 / mpmath.sqrt(mpmath.pi), 2 / (3 * mpmath.sqrt(mpmath.pi))), mpf(0), mpf("0.25"), 9
    ),
    "error function, large: erfc(a) exp(a^2) (a + k), in t": Polynomial(
        error_function_tail, mpf("-0.6"), mpf("0.54"), 22
    ),
    "mills excess: (phi(a) / P(Z > a) - a) (a + k), in t": Polynomial(
        mills_excess, mpf(-1), (NORMAL_TAIL_END - 4) / (NORMAL_TAIL_END + 4), 27
    ),
    "tanh: (1 - tanh(x) / x) / x^2, in x^2": Polynomial(
        odd_rest(mpmath.tanh, mpf(1), mpf(1) / 3), mpf(0), mpf("0.1225"), 10
    ),
    "sqrt softplus: (2 s (1 - p) - p) / (root - x), in x - root": Polynomial(
        sqrt_softplus_bend_quotient, mpf("-0.5"), mpf("0.5"), 15
    ),
    "exp, short": Polynomial(series(lambda k: 1 / mpmath.factorial(k), 2), -HALF_STEP, HALF_STEP, 6),
    "exp, of products of rows": Polynomial(series(lambda k: 1 / mpmath.factorial(k), 2), -HALF_STEP, HALF_STEP, 9),
    "log, short": Polynomial(series(lambda k: 2 / (2 * k + 1), 1), mpf(0), LOG_END, 4),
    "normal tail, short, from t^2 on": Polynomial(without_leading(SCALED_TAIL), mpf(-1), TAIL_END, 12),
    "gelu slope, short, from t^2 on": Polynomial(without_leading(SCALED_SLOPE), mpf(-1), TAIL_END, 12),
    "sine: what is behind 1 - w/6 + w^2/120, in w = x^2": Polynomial(SINE, mpf(0), CIRCULAR_END, 5),
    "cosine: what is behind 1 - w/2 + w^2/24, in w = x^2": Polynomial(COSINE, mpf(0), CIRCULAR_END, 5),
    "arctangent: (atan(t) - t) / t^3, in t^2": Polynomial(ARCTANGENT, mpf(0), ARCTANGENT_END, 4),
}


def sinc(x: mpf) -> mpf:
    """sin(pi x) / (pi x)."""
    return mpmath.sinc(mpmath.pi * x)


SINC_BEND_ROOT = mpmath.findroot(lambda x: mpmath.diff(sinc, x, 2), mpf("0.66"))

CONSTANTS = {
    "gelu slope's root": GELU_SLOPE_ROOT,
    "1 / sqrt(2 pi)": 1 / mpmath.sqrt(2 * mpmath.pi),
    "2 sqrt(2 / pi)": 2 * mpmath.sqrt(2 / mpmath.pi),
    "2 sqrt(2 / pi) 0.044715": 2 * mpmath.sqrt(2 / mpmath.pi) * mpf("0.044715"),
    "log(2)": mpmath.log(2),
    "2 / sqrt(pi)": 2 / mpmath.sqrt(mpmath.pi),
    "sqrt(2 pi)": mpmath.sqrt(2 * mpmath.pi),
    "sqrt softplus' root": SQRT_SOFTPLUS_ROOT,
    "pi": +mpmath.pi,
    "first root of sinc'', less 173693 / 2^18": SINC_BEND_ROOT - mpf(173693) / 2**18,
    **{
        f"sinc'' around it, term {n}": mpmath.diff(sinc, SINC_BEND_ROOT, n + 2) / mpmath.factorial(n)
        for n in range(1, 5)
    },
}


def main() -> None:
    for name, polynomial in POLYNOMIALS.items():
        exact = polynomial.coefficients()
        rounded = [float(c) for c in exact]
        error = mpmath.nstr(mpmath.log(polynomial.error(rounded), 2), 4)
        print(f"{name}: degree {polynomial.degree}, relative error 2^{error}")
        for number, coefficient in zip(exact, rounded):
            print(f"    {coefficient.hex()},  # {mpmath.nstr(number, 40)}, float32 {as_float32(number).hex()}")
    for name, value in CONSTANTS.items():
        print(f"{name} = {mpmath.nstr(value, 45)}")


if __name__ == "__main__":
    main()
