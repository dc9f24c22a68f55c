"""Steps, clipped lines, shrinkage and hard gates: limits derived by hand, jumps, kinks, infinite bounds, far inputs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import actfn
from actfn.functions.declare import Kink

INF = math.inf
DTYPES = ("float16", "float32", "float64")
S_SHAPE = {"left_threshold": -1.0, "left_slope": 0.25, "right_threshold": 1.0, "right_slope": 0.5}

# f, f' and f'' at -inf and +inf. The sign of a zero is that of the function where it is not zero on the way there.
LIMITS: list[tuple[str, dict[str, float], tuple[tuple[float, float], ...]]] = [
    ("heaviside", {}, ((0.0, 1.0), (0.0, 0.0), (0.0, 0.0))),
    ("sign", {}, ((-1.0, 1.0), (0.0, 0.0), (0.0, 0.0))),
    ("absolute", {}, ((INF, INF), (-1.0, 1.0), (0.0, 0.0))),
    ("square", {}, ((INF, INF), (-INF, INF), (2.0, 2.0))),
    ("relu6", {}, ((0.0, 6.0), (0.0, 0.0), (0.0, 0.0))),
    ("bounded_relu", {}, ((0.0, 1.0), (0.0, 0.0), (0.0, 0.0))),
    ("bounded_relu", {"min_value": -INF, "max_value": 2.0}, ((-INF, 2.0), (1.0, 0.0), (0.0, 0.0))),
    ("bounded_relu", {"min_value": -INF, "max_value": INF}, ((-INF, INF), (1.0, 1.0), (0.0, 0.0))),
    ("hard_tanh", {}, ((-1.0, 1.0), (0.0, 0.0), (0.0, 0.0))),
    ("general_relu", {}, ((0.0, INF), (0.0, 1.0), (0.0, 0.0))),
    ("general_relu", {"negative_slope": 0.25, "max_value": 6.0}, ((-INF, 6.0), (0.25, 0.0), (0.0, 0.0))),
    ("threshold", {"threshold": 0.5, "value": -0.5}, ((-0.5, INF), (0.0, 1.0), (0.0, 0.0))),
    ("thresholded_relu", {}, ((0.0, INF), (0.0, 1.0), (0.0, 0.0))),
    ("tlu", {"tau": -1.0}, ((-1.0, INF), (0.0, 1.0), (0.0, 0.0))),
    ("tlu", {"tau": -1.0, "alpha": 0.5}, ((-INF, INF), (0.5, 1.0), (0.0, 0.0))),
    ("hard_shrink", {}, ((-INF, INF), (1.0, 1.0), (0.0, 0.0))),
    ("soft_shrink", {}, ((-INF, INF), (1.0, 1.0), (0.0, 0.0))),
    ("shrink", {"bias": 0.25}, ((-INF, INF), (1.0, 1.0), (0.0, 0.0))),
    ("hard_swish", {}, ((-0.0, INF), (-0.0, 1.0), (0.0, 0.0))),
    ("hard_mish", {}, ((-0.0, INF), (0.0, 1.0), (0.0, 0.0))),
    ("affine", {"slope": -2.0, "intercept": 3.0}, ((INF, -INF), (-2.0, -2.0), (0.0, 0.0))),
    ("affine", {"slope": 0.0, "intercept": 3.0}, ((3.0, 3.0), (0.0, 0.0), (0.0, 0.0))),
    ("relu_squared", {}, ((0.0, INF), (0.0, INF), (0.0, 2.0))),
    ("smelu", {}, ((0.0, INF), (0.0, 1.0), (0.0, 0.0))),
    ("srelu", S_SHAPE, ((-INF, INF), (0.25, 0.5), (0.0, 0.0))),
    ("srelu", {**S_SHAPE, "left_slope": 0.0}, ((-1.0, INF), (0.0, 0.5), (0.0, 0.0))),
    ("frelu", {"bias": -0.5}, ((-0.5, INF), (0.0, 1.0), (0.0, 0.0))),
]


def same_bits(got: Any, wanted: Any) -> bool:
    """Tell whether numbers agree with the signs of their zeros; one NaN is as good as another."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    signs = np.signbit(got) == np.signbit(wanted)
    return bool(np.all(np.where(np.isnan(wanted), np.isnan(got), (got == wanted) & signs)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "parameters", "limits"), LIMITS)
def test_limits_and_nan(
    name: str, parameters: dict[str, float], limits: tuple[tuple[float, float], ...], dtype: str
) -> None:
    for order, pair in enumerate(limits):
        got = actfn.get(name).derivative(np.array([-INF, INF, math.nan], dtype), order=order, **parameters)
        assert got.dtype == dtype
        assert same_bits(got, [*pair, math.nan]), (order, got)


@pytest.mark.parametrize("name", sorted({name for name, *_ in LIMITS}))
def test_partial_derivatives_keep_nan(name: str) -> None:
    function = actfn.get(name)
    given = next(parameters for listed, parameters, _ in LIMITS if listed == name)
    assert not function.parameters or all(
        math.isnan(value) for value in function.parameter_vjp(np.array([math.nan]), 1.0, **given).values()
    )


def test_the_value_at_a_jump() -> None:
    assert actfn.heaviside([0.5, math.nextafter(0.5, 0)], threshold=0.5).tolist() == [1.0, 0.0]
    assert actfn.sign(0.0) == 0.0
    assert actfn.threshold(0.5, threshold=0.5, value=-3.0) == -3.0
    assert actfn.thresholded_relu(1.0) == 0.0
    assert actfn.hard_shrink([-0.5, 0.5]).tolist() == [0.0, 0.0]
    assert actfn.shrink([-0.5, 0.5], bias=-1.0).tolist() == [0.0, 0.0]
    assert actfn.general_relu(1.0, threshold=1.0, negative_slope=0.5) == 0.0


def test_the_signs_of_zeros() -> None:
    zeros = np.array([0.0, -0.0])
    for name in ("sign", "hard_tanh", "hard_swish", "hard_mish", "affine", "soft_shrink", "hard_shrink"):
        assert same_bits(actfn.get(name)(zeros), zeros), name
    for name in ("relu6", "bounded_relu", "general_relu", "relu_squared", "absolute", "square"):
        assert same_bits(actfn.get(name)(zeros), [0.0, 0.0]), name
    assert same_bits(actfn.soft_shrink([-0.25, 0.25]), [-0.0, 0.0])
    assert same_bits(actfn.srelu(zeros, **S_SHAPE), zeros)


def test_kinks_and_the_slope_chosen() -> None:
    assert actfn.hard_swish.kinks == (Kink(-3.0, 0.0, -0.5, 0.0), Kink(3.0, 1.5, 1.0, 1.0))
    for name, parameters, _ in LIMITS:
        function = actfn.get(name).with_parameters(**parameters)
        for kink in function.kinks:
            assert function.derivative(kink.x) == kink.chosen, (function, kink)
            assert min(kink.left, kink.right) <= kink.chosen <= max(kink.left, kink.right)
            beside = [math.nextafter(kink.x, -INF), math.nextafter(kink.x, INF)]
            assert function.derivative(beside).tolist() == pytest.approx([kink.left, kink.right], rel=1e-12), function


def test_a_bound_at_infinity_is_none() -> None:
    everything = actfn.bounded_relu.with_parameters(min_value=-INF, max_value=INF)
    x = np.array([-1e308, -1.0, 0.0, 1e308])
    assert everything(x).tolist() == x.tolist()
    assert everything.kinks == () and everything.range == actfn.Interval()
    assert {name: float(v) for name, v in everything.parameter_vjp(np.append(x, [-INF, INF]), np.ones(6)).items()} == {
        "min_value": 0.0,
        "max_value": 0.0,
    }
    assert actfn.general_relu.kinks == actfn.relu.kinks
    assert actfn.general_relu.properties().range.value == actfn.relu.range


@pytest.mark.parametrize("x", [-1.7e308, -1e155, -7.7, 3.3, 1e101, 1.6e308])
def test_lines_do_not_overflow_before_their_result_does(x: float) -> None:
    slope, height = 0.3, -1e7
    exact = Fraction(slope) * Fraction(x) + Fraction(height)
    assert float(actfn.affine(x, slope=slope, intercept=height)) == float(exact)
    exact = Fraction(slope) * (Fraction(x) - 2)
    if x < 0:
        assert float(actfn.general_relu(x, negative_slope=slope, threshold=2.0)) == float(exact)


def test_a_line_keeps_its_digits_next_to_its_root() -> None:
    slope, intercept = 0.1, -1.0
    for x in (10.0, math.nextafter(10.0, 0), math.nextafter(10.0, 11)):
        assert float(actfn.affine(x, slope=slope, intercept=intercept)) == float(
            Fraction(slope) * Fraction(x) + Fraction(intercept)
        )


def test_the_value_at_a_jump_decides_zeros_and_fixed_points() -> None:
    assert actfn.hard_shrink.properties().zeros.value == (actfn.Interval(-0.5, 0.5, True, True),)
    assert actfn.heaviside.properties().zeros.value == (actfn.Interval(-INF, 0.0),)
    assert actfn.thresholded_relu.properties().zeros.value == (actfn.Interval(-INF, 1.0, False, True),)
    assert [point.x for point in actfn.heaviside.properties().fixed_points.value] == [1.0]
    found = [(point.x, point.kind) for point in actfn.sign.properties().fixed_points.value]
    assert found == [(-1.0, "attracting"), (0.0, "repelling"), (1.0, "attracting")]
    assert actfn.sign.properties().zeros.value == (0.0,)


def test_special_cases_of_one_another() -> None:
    x = np.linspace(-8, 8, 1001)
    assert np.array_equal(actfn.relu6(x), actfn.bounded_relu(x, max_value=6.0))
    assert np.array_equal(actfn.shrink(x, bias=0.5), actfn.soft_shrink(x))
    assert np.array_equal(actfn.shrink(x), actfn.hard_shrink(x))
    assert np.array_equal(actfn.soft_shrink(x, lambd=0.0), x)
    assert np.array_equal(actfn.soft_shrink.derivative(x, lambd=0.0), np.ones(1001))
    assert np.array_equal(actfn.threshold(x, threshold=1.0, value=0.0), actfn.thresholded_relu(x))
    assert np.array_equal(actfn.tlu(x, tau=0.0, alpha=0.25), actfn.leaky_relu(x, negative_slope=0.25))
    assert np.array_equal(actfn.srelu(x, **{**S_SHAPE, "left_slope": 0.0, "right_slope": 0.0}), actfn.hard_tanh(x))
    assert np.array_equal(actfn.smelu(x[x != 0], beta=1e-300), actfn.relu(x[x != 0]))
    assert np.array_equal(actfn.general_relu(x, max_value=6.0), actfn.relu6(x))
