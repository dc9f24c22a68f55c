"""Every elementwise kernel against its formula, evaluated to 1,400 bits: tails, kinks, roots and the whole range."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
from oracle import roots, sample, ulps

import actfn
from actfn import catalogue, formula, ufuncs
from actfn.accuracy.check import own
from actfn.functions import declared
from actfn.functions.declare import KERNELS, Declaration

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

# A float32 result is rounded once from float64, unless it is computed by hand; an odd parameter may bring a cancellation, and an inverse its own
# root.
LIMITS = {FLOAT32: 0.51, FLOAT64: 1.0}
TUNED_LIMITS = {FLOAT32: 1.0, FLOAT64: 1.0}
PARAMETER_LIMITS = {FLOAT32: 1.0, FLOAT64: 1.0}
INVERSE_LIMITS = {FLOAT32: 4.0, FLOAT64: 4.0}
# What is promised of every function; the common ones keep to less.
RARE_LIMITS = {FLOAT32: 1.0, FLOAT64: 2.0}

# What formulas lose that divide by a subnormal number, or in which squares of float64 numbers cancel, takes more bits.
DEEP_BITS = {"sinc": 4400, "squareplus": 4400, "log_ndtr": 4400}

ELEMENTWISE = {name: declaration for name, declaration in declared().items() if declaration.kind == "elementwise"}


def defaults(declaration: Declaration) -> dict[str, Any]:
    return {p.name: p.example if p.default is None else p.default for p in declaration.parameters.values()}


def parameter_sets(declaration: Declaration) -> Iterator[dict[str, Any]]:
    """Yield the defaults, and the defaults with one parameter small, odd, large or, where it may be, negative."""
    yield defaults(declaration)
    for parameter in declaration.parameters.values():
        for value in (1e-6, 0.3, 7.7, 1e3, -0.3, -1e3):
            if value in parameter.domain:
                yield {**defaults(declaration), parameter.name: value}


def inside(declaration: Declaration, x: np.ndarray[Any, Any], parameters: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Keep the points where the function is defined: an inverse is defined on the range of what it undoes."""
    undone = declaration.inverse_of
    low, high, *_ = (catalogue.find(undone).range if undone else declaration.domain)(**parameters)
    return x[(x > np.float64(low)) & (x < np.float64(high))]


def worst(
    declaration: Declaration, parameters: dict[str, Any], order: int, by: str | None, dtype: np.dtype[Any], count: int
) -> tuple[float, float]:
    """Return the largest error in ULP on a sample, and where it is."""
    function = actfn.get(declaration.name).with_parameters(**parameters)
    kinks = tuple(kink.x for kink in function.kinks)
    zeros = roots(declaration.name, order, json.dumps(parameters)) if by is None else ()
    x = inside(declaration, sample(dtype, 1, count, kinks + zeros), parameters)
    # At a kink the derivative is a matter of choice; so is the second derivative at 0.
    x = x[~np.isin(x, np.array([*kinks, *([0.0] if order == 2 else [])]))]
    if by is None:
        got = function.derivative(x, order=order)
    else:
        partial = getattr(ufuncs, f"{declaration.name}_d_{by}")
        got = partial(x, *(np.float64(value) for value in parameters.values()))
    assert got.dtype == dtype
    shifted = parameters != defaults(declaration)
    found = (0.0, 0.0)
    for point, value in zip(map(float, x), got):
        bits = DEEP_BITS.get(declaration.name, 1400 if by is None else 2600)
        exact = formula.evaluate(declaration, point, parameters, order=order, by=by, bits=bits)
        error = ulps(value, exact, dtype)
        near = min(zeros, key=lambda zero: abs(zero - point), default=None)
        if dtype == FLOAT32 and near is not None and shifted and abs(point / near - 1) < 2**-30:
            # Beside a root that a parameter moves so close to a number of float32, float64 has no digits left.
            continue
        if dtype == FLOAT64 and near is not None and abs(point / near - 1) < 2**-10:
            # Next to a root the error counts in ULP of the value one part in 2^10 away from it.
            beside = formula.evaluate(declaration, near * (1 + 2**-10), parameters, order=order)
            error *= min(1.0, ulp_ratio(exact, beside))
        found = max(found, (error, point))
    return found


def ulp_ratio(exact: mpmath.mpf, beside: mpmath.mpf) -> float:
    def exponent(value: mpmath.mpf) -> int:
        return int(mpmath.floor(mpmath.log(abs(value), 2))) if value else -1074 + 52

    return float(mpmath.ldexp(1, exponent(exact) - exponent(beside)))


@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64], ids=str)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_error_with_default_parameters(name: str, order: int, dtype: np.dtype[Any]) -> None:
    declaration = ELEMENTWISE[name]
    by_hand = declaration.tuned + declaration.piecewise
    limits = TUNED_LIMITS if KERNELS[order] in by_hand else LIMITS if declaration.hot else RARE_LIMITS
    limits = limits if declaration.inverse_of is None else INVERSE_LIMITS
    error, x = worst(declaration, defaults(declaration), order, None, dtype, 40)
    assert error <= limits[dtype], f"{name}, order {order}, {dtype}: {error:.3f} ULP at {x!r}"


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if ELEMENTWISE[name].parameters])
def test_error_over_the_parameters_domain(name: str) -> None:
    declaration = ELEMENTWISE[name]
    limits = PARAMETER_LIMITS if declaration.hot else RARE_LIMITS
    limits = limits if declaration.inverse_of is None else INVERSE_LIMITS
    for parameters in parameter_sets(declaration):
        for dtype in (FLOAT32, FLOAT64):
            for order in (0, 1, 2):
                error, x = worst(declaration, parameters, order, None, dtype, 8)
                assert error <= limits[dtype], f"{name}{parameters}, order {order}, {dtype}: {error:.3f} ULP at {x!r}"


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if ELEMENTWISE[name].parameters])
def test_error_of_the_partial_derivatives(name: str) -> None:
    declaration = ELEMENTWISE[name]
    for parameters in parameter_sets(declaration):
        for by in declaration.parameters:
            for dtype in (FLOAT32, FLOAT64):
                error, x = worst(declaration, parameters, 1, by, dtype, 8)
                assert error <= 2.0, f"{name}{parameters} by {by}, {dtype}: {error:.3f} ULP at {x!r}"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_narrow_results_are_correctly_rounded_everywhere(name: str, order: int, dtype: str) -> None:
    function = actfn.get(name).with_parameters(**defaults(ELEMENTWISE[name]))
    report = actfn.check(own(function, order), function, order=order, dtype=dtype, max_ulp=0.5)
    assert report.tally.count == 65536
    assert report.max_ulp <= 0.5 and report.tally.share_correct == 1
    assert not any(report.faults.values()), report.sentence()


def test_the_product_with_g_is_the_derivative_times_g() -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=1000) * 4, rng.normal(size=1000)
    for name, declaration in ELEMENTWISE.items():
        if declaration.inverse_of is None:
            function = actfn.get(name).with_parameters(**defaults(declaration))
            assert np.array_equal(function.vjp(x, g), g * function.derivative(x)), name
            value, first = function.value_and_derivative(x)
            assert np.array_equal(value, function(x)) and np.array_equal(first, function.derivative(x)), name
