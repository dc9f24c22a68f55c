"""softmax, log_softmax and their products with g, component by component, against ball arithmetic on exact inputs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint
import ml_dtypes
import numpy as np
import pytest
from reference import FLOATS, Array

import actfn
from actfn.accuracy.formats import FORMATS, Format

INF = math.inf
# The bound of a component, in units in the last place of its exact value.
BOUND = 2.0
PRECISION = 2400
FUNCTIONS = ("softmax", "log_softmax", "softmax_vjp", "log_softmax_vjp")
# How the entries of a row are spread.
SPREADS = ("1", "30", "700", "huge", "subnormal", "masked", "ties", "steep")
ulp_table = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def arb(value: Any) -> Any:
    return flint.arb(value)


def row(spread: str, length: int, dtype: np.dtype[Any], seed: int) -> Array:
    """Return a row whose entries are anywhere in the range of the dtype."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=length)
    info = ml_dtypes.finfo(dtype)
    with np.errstate(all="ignore"):
        if spread == "huge":
            x = (normal * (float(info.max) * 1e-8)).astype(dtype)
        elif spread == "subnormal":
            x = (rng.integers(-40, 41, length) * float(info.smallest_subnormal)).astype(dtype)
        elif spread == "masked":
            x = np.where(rng.random(length) < 0.4, -INF, normal * 5).astype(dtype)
            x[0] = 1.0
        elif spread == "ties":
            x = rng.integers(-3, 4, length).astype(dtype)
            x[rng.integers(0, length, length // 2)] = 3
        elif spread == "steep":
            # The others add up to anything from nothing to the smallest numbers.
            x = (-np.abs(normal) * 300).astype(dtype)
            x[rng.integers(length)] = 0
        else:
            x = (normal * float(spread)).astype(dtype)
    return x


class Row:
    """The exact shares of a row, and with g its products, as balls."""

    def __init__(self, x: Array, g: Array) -> None:
        flint.ctx.prec = PRECISION
        self.given, self.x, self.g = x.dtype, x.astype(np.float64), g.astype(np.float64)
        top = float(self.x.max())
        # Equal entries are computed once.
        # Below exp(-100000) nothing counts in any format.
        near = {value for value in self.x.tolist() if value > -INF and Fraction(value) - Fraction(top) > -100_000}
        powers = {value: (arb(value) - arb(top)).exp() if value in near else arb(0) for value in set(self.x.tolist())}
        self.powers = [powers[value] for value in self.x.tolist()]
        self.top = arb(top)
        self.total = self.sum(self.powers)
        self.g_total = self.sum([arb(value) for value in self.g.tolist()])
        weighted = self.sum([power * arb(value) for power, value in zip(self.powers, self.g.tolist())])
        self.mean = weighted / self.total
        others = [power for power, value in zip(self.powers, self.x.tolist()) if value != top]
        ties = len(self.powers) - len(others)
        # log(n + rest), as log(n) + log1p(rest / n), keeps a rest of 2^-2400 and less.
        self.logarithm = arb(ties).log() + (self.sum(others) / ties).log1p()

    @staticmethod
    def sum(terms: list[Any]) -> Any:
        total = arb(0)
        for term in terms:
            total += term
        return total

    def exact(self, function: str, i: int) -> Any:
        """Return component i as a ball, or None where it is minus infinity."""
        x, share = float(self.x[i]), self.powers[i] / self.total
        if function == "softmax":
            return share
        if function == "log_softmax":
            return None if x == -INF else (arb(x) - self.top) - self.logarithm
        if function == "softmax_vjp":
            return share * (arb(float(self.g[i])) - self.mean)
        return arb(float(self.g[i])) - share * self.g_total


def middle(ball: Any) -> tuple[int, int]:
    mantissa, exponent = ball.mid().man_exp()
    return int(mantissa), int(exponent)


def error(got: float, exact: Any, form: Format) -> float:
    """Return the error of a component in units in the last place of the exact one."""
    if exact is None:
        return 0.0 if got == -INF else INF
    mantissa, exponent = middle(exact)
    smallest = form.smallest_exponent
    # Far below the smallest number, or nothing but the error of the ball: zero.
    if mantissa == 0 or mantissa.bit_length() + exponent < -1300 or exact.rel_accuracy_bits() < 64:
        assert abs(exact).abs_upper() < flint.arb(2) ** -1300
        return INF if not math.isfinite(got) else float(min(abs(Fraction(got)) / Fraction(2) ** smallest, 10**300))
    size = mantissa.bit_length() + exponent
    if not math.isfinite(got):
        beyond = size > form.largest_exponent + 1 or abs(Fraction(mantissa) * Fraction(2) ** exponent) >= form.overflow
        return 0.0 if math.isinf(got) and beyond and (got > 0) == (mantissa > 0) else INF
    unit = max(size - form.digits, smallest)
    drop = max(0, mantissa.bit_length() - 400)
    kept = Fraction(mantissa >> drop) * Fraction(2) ** (exponent + drop)
    return float(min(abs(Fraction(got) - kept) / Fraction(2) ** unit, 10**300))


def cancelled(truth: Row, function: str, i: int) -> float:
    """Return what part of a unit counts for a float64 component of softmax's product that is a root of its own.

    Where the mean of g takes away all but 2^-10 of g[i], as next to a root of a derivative, the unit is that of the value at 2^-10.
    """
    if function != "softmax_vjp" or truth.x.dtype != truth.given:
        return 1.0
    left = truth.g[i] - truth.mean
    size = abs(float(truth.g[i])) + abs(float(truth.mean.mid()))
    ratio = float(abs(left).mid()) / size if size else 1.0
    return min(1.0, ratio * 2.0**10) if ratio else 0.0


def worst(function: str, x: Array, g: Array, places: Any) -> tuple[float, int, float, str]:
    """Return the largest error of some components: how large, where, what was returned and what is right."""
    form = FORMATS[x.dtype.name]
    rows = actfn.get(function.removesuffix("_vjp"))
    got = rows.vjp(x, g) if function.endswith("_vjp") else rows(x)
    assert got.dtype == x.dtype and got.shape == x.shape
    truth = Row(x, g)
    found = (0.0, 0, 0.0, "")
    for i in places:
        exact = truth.exact(function, int(i))
        ulp = error(float(got[i]), exact, form) * cancelled(truth, function, int(i))
        if ulp > found[0]:
            found = (ulp, int(i), float(got[i]), "-inf" if exact is None else exact.str(20, radius=False))
    return found


def say(function: str, x: Array, g: Array, found: tuple[float, int, float, str]) -> str:
    ulp, i, got, exact = found
    return f"{function}: {ulp:.4g} ULP at [{i}], x = {float(x[i])!r}, g = {float(g[i])!r}: {got!r}, not {exact}"


@ulp_table
@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_component_of_short_rows(function: str, spread: str, dtype: np.dtype[Any]) -> None:
    failures = []
    for length in (1, 2, 10):
        for seed in range(6):
            x = row(spread, length, dtype, seed)
            g = np.random.default_rng(seed + 100).normal(size=length).astype(dtype)
            found = worst(function, x, g, range(length))
            if found[0] > BOUND:
                failures.append(say(function, x, g, found))
    assert not failures, "\n".join(failures)


@ulp_table
@pytest.mark.parametrize("function", FUNCTIONS)
def test_components_of_rows_of_a_thousand(function: str, dtype: np.dtype[Any]) -> None:
    failures = []
    for spread in ("1", "30", "masked", "steep"):
        x = row(spread, 1000, dtype, 7)
        g = np.random.default_rng(107).normal(size=1000).astype(dtype)
        found = worst(function, x, g, [*range(0, 1000, 41), int(np.argmax(x))])
        if found[0] > BOUND:
            failures.append(say(function, x, g, found))
    assert not failures, "\n".join(failures)


@pytest.mark.slow
@ulp_table
@pytest.mark.parametrize("function", FUNCTIONS)
def test_components_of_a_row_of_a_hundred_thousand(function: str, dtype: np.dtype[Any]) -> None:
    # A few hundred different entries, so that the exact sums are quick.
    rng = np.random.default_rng(8)
    values = (rng.normal(size=300) * 3).astype(dtype)
    x = values[rng.integers(0, 300, 100_000)]
    g = rng.integers(-2, 3, 100_000).astype(dtype)
    found = worst(function, x, g, [0, 1, 50_000, 99_999, int(np.argmax(x)), int(np.argmin(x))])
    assert found[0] <= BOUND, say(function, x, g, found)


@ulp_table
@pytest.mark.parametrize("function", ["softmax_vjp", "log_softmax_vjp"])
def test_products_with_cotangents_of_every_size(function: str, dtype: np.dtype[Any]) -> None:
    failures = []
    info = ml_dtypes.finfo(dtype)
    for scale in (float(info.smallest_subnormal) * 50, float(info.tiny) * 50, 1.0, float(info.max) / 64):
        for seed in range(4):
            x = row("1", 10, dtype, seed)
            g = (np.random.default_rng(seed + 200).uniform(-1, 1, 10) * scale).astype(dtype)
            found = worst(function, x, g, range(10))
            if found[0] > BOUND:
                failures.append(say(function, x, g, found))
    assert not failures, "\n".join(failures)


@ulp_table
@pytest.mark.parametrize("function", ["softmax_vjp", "log_softmax_vjp"])
def test_products_whose_cotangents_cancel(function: str, dtype: np.dtype[Any]) -> None:
    failures = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x = row("1", 10, dtype, seed)
        one = np.ones(10, dtype)
        # All equal; equal but for a last digit; the mean is next to one of them; the sum is next to nothing.
        near = one.copy()
        near[rng.integers(10)] = np.nextafter(dtype.type(1), dtype.type(2))
        shares = actfn.softmax(x.astype(np.float64))
        mean = rng.normal(size=10)
        mean[3] = 0
        mean[3] = (shares * mean).sum() / (1 - shares[3])
        balanced = rng.normal(size=10).astype(dtype)
        balanced[0] = -balanced[1:].astype(np.float64).sum()
        for g in (one, near, mean.astype(dtype), balanced):
            found = worst(function, x, g, range(10))
            if found[0] > BOUND:
                failures.append(say(function, x, g, found))
    assert not failures, "\n".join(failures)


@ulp_table
@pytest.mark.parametrize("function", FUNCTIONS)
def test_two_entries_at_every_distance(function: str, dtype: np.dtype[Any]) -> None:
    failures = []
    limit = 16 if dtype.itemsize == 2 and dtype.kind == "f" else 110 if dtype.itemsize <= 4 else 760
    g = np.array([1.0, 0.25], dtype)
    for distance in [*np.linspace(0, limit, 30), 1e-3, 1e-6, 37.43, 36.05]:
        x = np.array([-distance, 0], dtype)
        found = worst(function, x, g, (0, 1))
        if found[0] > BOUND:
            failures.append(say(function, x, g, found))
    assert not failures, "\n".join(failures)


@ulp_table
def test_shares_that_are_nothing_but_ties(dtype: np.dtype[Any]) -> None:
    for length in (3, 7, 1000, 70_000):
        x = np.full(length, 2.5, dtype)
        g = np.zeros(length, dtype)
        g[0] = 1
        for function in FUNCTIONS:
            found = worst(function, x, g, (0, length - 1))
            assert found[0] <= BOUND, say(function, x, g, found)


def test_the_measure_itself() -> None:
    flint.ctx.prec = PRECISION
    form = FORMATS["float32"]
    third = arb(1) / 3
    below, above = np.float32(0.33333331), np.float32(0.33333334)
    assert error(float(above), third, form) == pytest.approx(1 / 3, rel=1e-9)
    assert error(float(below), third, form) == pytest.approx(2 / 3, rel=1e-9)
    assert error(-INF, None, form) == 0 and error(-1.0, None, form) == INF
    assert error(2.0**-149, arb(0), form) == 1 and error(0.0, arb(2) ** -1400, form) == 0
    assert (
        error(INF, arb(2) ** 128, form) == 0 and error(INF, arb(1), form) == INF and error(math.nan, third, form) == INF
    )
    truth = Row(np.array([0.0, math.log(3.0)]), np.array([1.0, 0.0]))
    assert float(truth.exact("softmax", 1).mid()) == pytest.approx(0.75, rel=1e-15)
    assert float(truth.exact("log_softmax", 0).mid()) == pytest.approx(-math.log(4), rel=1e-15)
    assert float(truth.exact("softmax_vjp", 0).mid()) == pytest.approx(3 / 16, rel=1e-15)
    assert float(truth.exact("log_softmax_vjp", 1).mid()) == pytest.approx(-0.75, rel=1e-15)
