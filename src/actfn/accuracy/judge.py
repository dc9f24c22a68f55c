"""The judge: results of a callable against the truth, point by point."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from actfn.accuracy.formats import Array, Format
from actfn.accuracy.kernels import best_ufuncs
from actfn.accuracy.oracle import Exact, Oracle
from actfn.accuracy.tally import Tally
from actfn.activation import Activation, is_builtin

# Nearer to half a unit than this, the float64 kernels do not say on which side an exact value lies.
TIE = 1e-8


class Judge:
    """Knows what an order of derivative of an activation function must be in one format.

    float64 results are judged by the oracle, others by actfn's float64 kernels, whose own error is a few billionths of the unit
    in the last place of float32.
    """

    def __init__(self, activation: Activation, order: int, form: Format) -> None:
        self.activation, self.order, self.form = activation, order, form
        self.parameters: dict[str, Any] = {
            name: p.default if p.default is not None else p.example for name, p in activation.parameters.items()
        }
        self.function: Any = activation.with_parameters(**self.parameters) if self.parameters else activation
        self.oracle = Oracle(activation._declaration, self.parameters, order)
        self.kinks = {kink.x: kink for kink in self.function.kinks}

    @property
    def reference_error(self) -> float:
        """How far off the reference may be, in ULP of the format: nothing where it is the oracle, 2 ULP of float64 elsewhere."""
        return 0.0 if self.form.digits == 53 else math.ldexp(2.0, self.form.digits - 53)

    @cached_property
    def roots(self) -> tuple[float, ...]:
        """Where the function or derivative crosses zero, other than at 0."""
        grid = np.concatenate([-np.geomspace(40, 0.01, 300), np.geomspace(0.01, 40, 300)])
        beta: Any = self.parameters.get("beta", 1.0)
        scale = 1.0 / max(abs(float(beta)), 1e-9)
        return tuple(root for low, high in zip(grid * scale, grid[1:] * scale) if (root := self._root(low, high)))

    def _root(self, low: float, high: float) -> float | None:
        if low < 0 < high or self._sign(low) * self._sign(high) >= 0:
            return None
        sign = self._sign(low)
        while (middle := (low + high) / 2) not in (low, high):
            low, high = (middle, high) if self._sign(middle) == sign else (low, middle)
        return low

    def _sign(self, x: float) -> int:
        exact = self.oracle.at(x)
        return 0 if exact is None else (exact.numerator > 0) - (exact.numerator < 0)

    @cached_property
    def parity(self) -> int:
        """1 for an even function, -1 for an odd one, else 0; found from exact values at a few points."""
        for sign in (1, -1):
            pairs = ((self.oracle.at(x), self.oracle.at(-x)) for x in (0.3, 1.7, 2.9, 11.0))
            if all(a is not None and b is not None and _agree(a, b, sign) for a, b in pairs):
                return sign
        return 0

    @cached_property
    def places(self) -> tuple[float, ...]:
        """Where a sample should look closely: kinks, roots, the ends of saturation and overflow."""
        ends = [math.log(2) * e for e in (self.form.smallest_exponent, -self.form.digits, self.form.digits)]
        square = math.sqrt(-2 * math.log(2) * self.form.smallest_exponent)
        return (0.0, *self.kinks, *self.roots, *ends, -ends[0], square, -square, 1.0, -1.0)

    def add(self, tally: Tally, x: Array, got: Array, bound: float) -> None:
        """Compare results in this format with the truth, and add the comparison to a summary."""
        with np.errstate(all="ignore"):
            self._add(tally, x.astype(np.float64), got.astype(np.float64), bound)

    def add_at_a_glance(self, tally: Tally, x: Array, got: Array, bound: float) -> None:
        """The same for float32, at a third of the cost: the exact value rounded counts as an error of half a unit."""
        with np.errstate(all="ignore"):
            wide = x.astype(np.float64)
            exact = self._reference(wide)
            rounded = (exact.astype(np.float32) == got) & np.isfinite(got) & (got != 0)
            tally.add_rounded(wide, got, exact, rounded)
            if not rounded.all():
                rest = ~rounded
                self._add(tally, wide[rest], got[rest].astype(np.float64), bound, exact[rest])

    def _add(self, tally: Tally, wide: Array, result: Array, bound: float, known: Array | None = None) -> None:
        exact, errors = self._exact(wide, result, known)
        if self._plain(wide, result, exact):
            tally.add(wide, result, exact, errors, bound)
            return
        if self._flat(wide, result, exact):
            expected = self._zero_signs[0 if wide[0] < 0 else -1]
            tally.add_faults(wide, "wrong_zero_sign", (np.signbit(result) != (expected < 0)) & (expected != 0))
            tally.add(wide, result, exact, errors, bound)
            return
        at_kink = self._allowed_at_kinks(wide, result)
        nan = np.isnan(exact)
        wrong_nan = (np.isnan(result) != nan) & ~at_kink
        overflow = np.abs(exact) >= float(self.form.overflow) if self.form.digits < 53 else np.isinf(exact)
        infinite = np.isinf(result)
        misplaced = (infinite != overflow) | (infinite & (np.signbit(result) != np.signbit(exact)))
        wrong_infinity = misplaced & ~(nan | np.isnan(result) | at_kink)
        zero = (result == 0) & ~nan & ~at_kink
        smallest = np.ldexp(1.0, self.form.smallest_exponent)
        # An exact value below the smallest number may be rounded to zero; one above it may not.
        flushed = zero & (np.abs(exact) >= smallest) & (errors >= 1)
        wrong_sign = zero & ~flushed & self._wrong_sign(wide, result)
        judged = ~(nan | np.isnan(result) | wrong_infinity | overflow | flushed | at_kink | infinite)
        kinds = {
            "wrong_nan": wrong_nan,
            "wrong_infinity": wrong_infinity,
            "wrong_zero_sign": wrong_sign,
            "flushed": flushed,
            "kinks": at_kink,
        }
        for kind, mask in kinds.items():
            tally.add_faults(wide, kind, mask)
        tally.add(wide[judged], result[judged], exact[judged], errors[judged], bound)
        tally.count += len(wide) - int(np.count_nonzero(judged))

    def _plain(self, x: Array, got: Array, exact: Array) -> bool:
        """Tell whether there is no NaN, infinity, zero or kink among the points, so that errors are all that counts."""
        if len(x) == 0 or not np.isfinite(got.sum() + exact.sum()) or not got.all():
            return False
        if self.form.digits < 53 and np.abs(exact).max() >= float(self.form.overflow):
            return False
        return not any(x.min() <= place <= x.max() for place in (0.0, *self.kinks))

    def _flat(self, x: Array, got: Array, exact: Array) -> bool:
        """Tell whether all points are on one side of 0 and of each kink and root, and all results and exact values zero."""
        if len(x) == 0 or got.any() or exact.any():
            return False
        low, high = x.min(), x.max()
        places = (0.0, *self.kinks, *self.exact_roots)
        return bool(np.isfinite(low + high)) and not any(low <= place <= high for place in places)

    def _exact(self, x: Array, got: Array, known: Array | None = None) -> tuple[Array, Array]:
        """Return the exact values to float64, unless they are known, and the errors of the results in ULP."""
        if self.form.digits < 53:
            exact = self._reference(x) if known is None else known
            errors = np.abs(got - exact)
            errors /= self.form.unit(exact)
            if self.form.digits < 24:
                self._tell_ties(x, got, errors)
            return exact, errors
        numbers = [self.oracle.expected(float(point)) for point in x]
        exact = np.array([math.nan if n is None else n.rounded(self.form) for n in numbers])
        errors = np.array([math.nan if n is None else n.ulps(float(y), self.form) for n, y in zip(numbers, got)])
        for root in self.roots:
            # Next to a root the error counts in units of the value one part in 2^10 away from it.
            near = np.abs(x / root - 1) < 2.0**-10
            beside = np.array([self.oracle.at(root * (1 + 2.0**-10)).rounded(self.form)])  # type: ignore[union-attr]
            errors[near] *= np.minimum(1.0, self.form.unit(exact[near]) / self.form.unit(beside))
        return exact, errors

    def _reference(self, x: Array) -> Array:
        """Return the results of the float64 kernels."""
        ufunc = best_ufuncs().get(self.function.name + ("", "_d1", "_d2")[self.order])
        if ufunc is None or not is_builtin(self.function):
            return np.asarray(self.function.derivative(x, order=self.order))
        exact: Array = ufunc(x, *(np.float64(value) for value in self.parameters.values()))
        return exact

    def _tell_ties(self, x: Array, got: Array, errors: Array) -> None:
        """Replace errors that float64 cannot tell from half a unit by exact ones; just above half stays above it."""
        for i in np.flatnonzero(np.abs(errors - 0.5) < TIE):
            exact = self.oracle.at(float(x[i]), self.form)
            if exact is not None:
                above = float(got[i]) != exact.rounded(self.form)
                errors[i] = max(exact.ulps(float(got[i]), self.form), math.nextafter(0.5, 1)) if above else 0.5

    def _allowed_at_kinks(self, x: Array, got: Array) -> Array:
        """Tell where a result at a kink of the derivative lies between the slopes."""
        allowed = np.zeros(len(x), bool)
        if self.order == 0:
            return allowed
        places = [*self.kinks.values()]
        for kink in places:
            # A slope between the sides may have been rounded to the format.
            low, high = sorted(float(np.array(slope).astype(self.form.dtype)) for slope in (kink.left, kink.right))
            low, high = min(low, kink.left, kink.right), max(high, kink.left, kink.right)
            here = x == float(np.array(kink.x).astype(self.form.dtype))
            allowed |= here & ((low <= got) & (got <= high) if self.order == 1 else np.isfinite(got))
        if self.order == 2 and "smooth" not in self.activation.tags:
            allowed |= (x == 0) & np.isfinite(got)
        return allowed

    @cached_property
    def _zero_signs(self) -> tuple[int, int, int, int]:
        """The signs that a zero must have: far left, at -0, at +0, far right; 0 where either will do."""
        at_zero = (self.oracle.expected(-0.0), self.oracle.expected(0.0))
        signs = self.oracle.tail_signs
        left, right = (0 if e is None or e.numerator else e.sign for e in at_zero)
        return signs[-1], left, right, signs[1]

    def _wrong_sign(self, x: Array, got: Array) -> Array:
        far_left, left, right, far_right = self._zero_signs
        negative = np.signbit(x)
        expected = np.where(x == 0, np.where(negative, left, right), np.where(negative, far_left, far_right))
        at_root = np.isin(x, np.array(self.exact_roots))
        wrong: Array = (expected != 0) & (np.signbit(got) != (expected < 0)) & ~at_root
        # Between 0 and a root the sign is not that of the tail.
        between = np.abs(x) < max(map(abs, self.roots), default=0.0)
        for i in np.flatnonzero(wrong & between & (got == 0) & (x != 0)):
            exact = self.oracle.at(float(x[i]))
            wrong[i] = exact is None or np.signbit(got[i]) != ((exact.numerator or exact.sign) < 0)
        return wrong

    @cached_property
    def exact_roots(self) -> tuple[float, ...]:
        """Floats other than 0 where the function is exactly zero: either sign of a zero will do there."""
        beside = (
            float(y) for root in self.roots for y in (root, np.nextafter(root, np.inf), np.nextafter(root, -np.inf))
        )
        return tuple(y for y in beside if (e := self.oracle.at(y)) is not None and e.numerator == 0 and e.sign == 0)

    @property
    def monotone(self) -> bool:
        """Whether the function never falls: declared so, and no slope that is a parameter is negative."""
        slopes = (float(value) for value in self.parameters.values() if isinstance(value, (int, float)))
        return self.order == 0 and "monotone" in self.activation.tags and all(slope >= 0 for slope in slopes)


def _agree(a: Exact, b: Exact, sign: int) -> bool:
    """Tell whether b is sign times a, to far more digits than any format has."""
    exponent = min(a.exponent, b.exponent)
    left, right = a.numerator << (a.exponent - exponent), sign * b.numerator << (b.exponent - exponent)
    return left != 0 and abs(left - right) << 70 < abs(left)
