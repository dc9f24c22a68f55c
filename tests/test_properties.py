"""The computed properties of functions: published constants, the kernels one float to either side, and what is refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from reference import BFLOAT16, COMMON

import actfn
from actfn import catalogue
from actfn.cli import main
from actfn.functions.declare import Interval
from actfn.properties import Properties, saturated

INF = math.inf
DTYPES = {"float16": np.float16, "bfloat16": BFLOAT16, "float32": np.float32, "float64": np.float64}
EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}

# E f, E f^2, Var f, E f'^2, 1 / sqrt(E f^2), 1 / sqrt(Var f), 1 / sqrt(E f'^2), to ten decimals.
MOMENTS = {
    "relu": (0.3989422804, 0.5, 0.3408450569, 0.5, 1.4142135624, 1.7128585504, 1.4142135624),
    "leaky_relu": (0.3949528576, 0.50005, 0.3440622403, 0.50005, 1.4141428570, 1.7048316272, 1.4141428570),
    "tanh": (0.0, 0.3942944904, 0.3942944904, 0.4644029024, 1.5925374197, 1.5925374197, 1.4674135916),
    "sigmoid": (0.5, 0.2933790359, 0.0433790359, 0.0448362414, 1.8462285453, 4.8013133720, 4.7226460859),
    "gelu": (0.2820947918, 0.4252214826, 0.3456440110, 0.4558508656, 1.5335304412, 1.7009262434, 1.4811144127),
    "silu": (0.2066209641, 0.3557755198, 0.3130832970, 0.3794823516, 1.6765324703, 1.7871872221, 1.6233202580),
    "mish": (0.2404038884, 0.4523421924, 0.3945481628, 0.4790837584, 1.4868475813, 1.5920253811, 1.4447552325),
    "softplus": (0.8060591833, 0.9212459089, 0.2715145018, 0.2933790359, 1.0418668355, 1.9191259801, 1.8462285453),
    "elu": (0.1605205723, 0.6449454175, 0.6191785634, 0.6681020012, 1.2451983007, 1.2708434179, 1.2234285576),
    "selu": (0.0, 1.0, 1.0, 1.0715749925, 1.0, 1.0, 0.9660257770),
    "softsign": (0.0, 0.1830140213, 0.1830140213, 0.2276713404, 2.3375333631, 2.3375333631, 2.0957806089),
}

# Where the minimum is, the minimum, the largest slope and where, the smallest slope and where.
SHAPES = {
    "gelu": (
        -0.75179152469356446,
        -0.16997120747990366,
        1.1289041451851548,
        math.sqrt(2),
        -0.12890414518515479,
        -math.sqrt(2),
    ),
    "gelu_tanh": (
        -0.75246142207101626,
        -0.17004075057125405,
        1.1289930686587718,
        1.4185040087908,
        -0.1289930686587718,
        -1.4185040087908,
    ),
    "silu": (
        -1.2784645427610738,
        -0.2784645427610738,
        1.0998393201288669,
        2.3993572805154677,
        -0.0998393201288669,
        -2.3993572805154677,
    ),
    "mish": (
        -1.1924312145154952,
        -0.30884341301725041,
        1.0884981612517279,
        1.4905711794854285,
        -0.11252612238946256,
        -2.2563763963607931,
    ),
}

# The class, and where which derivative jumps from what to what.
SMOOTHNESS = {
    "tanh": ("C^inf", []),
    "relu": ("C^0", [(0.0, 1, 0.0, 1.0)]),
    "elu": ("C^1", [(0.0, 2, 1.0, 0.0)]),
    "softsign": ("C^1", [(0.0, 2, 2.0, -2.0)]),
    "hard_sigmoid": ("C^0", [(-3.0, 1, 0.0, 1 / 6), (3.0, 1, 1 / 6, 0.0)]),
}


@actfn.elementwise(tags=("smooth",))
class bell_of_properties:
    """A bell curve, exp(-x^2)."""

    def formula(m: Any, x: Any) -> Any:
        return m.exp(-(x**2))

    def value(m: Any, x: Any) -> Any:
        return m.exp(-(x * x))

    def first(m: Any, x: Any) -> Any:
        return -2.0 * x * m.exp(-(x * x))

    def second(m: Any, x: Any) -> Any:
        return (4.0 * x * x - 2.0) * m.exp(-(x * x))

    def range() -> Interval:
        return Interval(0.0, 1.0, high_closed=True)


@actfn.elementwise(tags=("smooth",))
class wave_of_properties:
    """A sine."""

    def formula(m: Any, x: Any) -> Any:
        return m.sin(x)

    def value(m: Any, x: Any) -> Any:
        return x

    first = second = value

    def range() -> Interval:
        return Interval(-1.0, 1.0, low_closed=True, high_closed=True)


# Other tests go through all functions, and shall not meet these.
for own in (bell_of_properties, wave_of_properties):
    del catalogue._all()[own.name]
catalogue._keys.cache_clear()


def properties(name: str) -> Properties:
    return actfn.get(name).properties()


@pytest.mark.slow
@pytest.mark.parametrize("name", MOMENTS)
def test_moments_and_gains_are_the_published_ones(name: str) -> None:
    found = properties(name)
    names = ("mean", "second_moment", "variance", "derivative_second_moment")
    gains = ("forward_gain", "variance_gain", "backward_gain")
    for key, published in zip((*names, *gains), MOMENTS[name], strict=True):
        assert abs(getattr(found, key).value - published) <= 0.51e-10, key


def test_moments_of_gelu_have_closed_forms() -> None:
    found = properties("gelu")
    assert found.mean.value == pytest.approx(1 / (2 * math.sqrt(math.pi)), rel=1e-15)
    assert found.second_moment.value == pytest.approx(1 / 3 + 1 / (2 * math.sqrt(3) * math.pi), rel=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_shape_constants_are_the_published_ones(name: str) -> None:
    found = properties(name)
    where, minimum, steepest, at, _, _ = SHAPES[name]
    (extremum,) = found.extrema.value
    assert extremum.kind == "minimum" and extremum.is_global
    # The published digits are those of float64 numbers: one unit in the last place.
    assert extremum.x == pytest.approx(where, rel=2.3e-16)
    assert extremum.value == found.range.value.low == pytest.approx(minimum, rel=2.3e-16)
    assert found.range.value == Interval(extremum.value, INF, low_closed=True)
    assert found.lipschitz.value.value == pytest.approx(steepest, rel=2.3e-16) and found.lipschitz.value.attained
    assert found.lipschitz.value.at == (pytest.approx(at, rel=1e-13),)


@pytest.mark.parametrize("name", SHAPES)
def test_inflections_are_where_the_slope_is_extreme(name: str) -> None:
    _, _, steepest, at, flattest, below = SHAPES[name]
    first, second = properties(name).inflections.value
    assert (first.x, second.x) == (pytest.approx(below, rel=1e-13), pytest.approx(at, rel=1e-13))
    assert (first.slope, second.slope) == pytest.approx((flattest, steepest), rel=4e-16)


@pytest.mark.parametrize("name", [name for name in COMMON if actfn.get(name).kind == "elementwise"])
def test_range_and_kinks_are_those_of_the_declaration(name: str) -> None:
    function = actfn.get(name)
    given = {p.name: p.example for p in function.parameters.values() if p.default is None}
    function = function.with_parameters(**given)
    found, declared = function.properties(), function.range
    assert found.range.value[2:] == declared[2:]
    assert found.range.value[:2] == pytest.approx(declared[:2], rel=4e-16)
    kinks = [(joint.x, joint.left, joint.right) for joint in found.joints.value if joint.order == 1]
    # Where the value jumps, the slope may do so too.
    jumps = [joint.x for joint in found.joints.value if joint.order == 0]
    assert kinks == [pytest.approx(kink[:3]) for kink in function.kinks if kink.x not in jumps]
    assert all(how for _, (_, how) in found)


@pytest.mark.parametrize(
    ("name", "parity", "monotonicity", "convexity"),
    [
        ("identity", "odd", "strictly increasing", "linear"),
        ("tanh", "odd", "strictly increasing", "neither"),
        ("softsign", "odd", "strictly increasing", "neither"),
        ("sigmoid", "neither", "strictly increasing", "neither"),
        ("relu", "neither", "non-decreasing", "convex"),
        ("hard_sigmoid", "neither", "non-decreasing", "neither"),
        ("softplus", "neither", "strictly increasing", "convex"),
        ("mish", "neither", "not monotone", "neither"),
    ],
)
def test_parity_monotonicity_and_convexity(name: str, parity: str, monotonicity: str, convexity: str) -> None:
    found = properties(name)
    assert (found.parity.value, found.monotonicity.value, found.convexity.value) == (parity, monotonicity, convexity)


@pytest.mark.parametrize("name", SMOOTHNESS)
def test_smoothness_and_joints(name: str) -> None:
    word, joints = SMOOTHNESS[name]
    found = properties(name)
    assert found.smoothness.value == word
    assert [tuple(joint) for joint in found.joints.value] == joints


def test_limits_and_asymptotes() -> None:
    found = properties("elu")
    assert (found.left_limit.value, found.right_limit.value) == (-1.0, INF)
    assert (found.left_asymptote.value, found.right_asymptote.value) == ((0.0, -1.0), (1.0, 0.0))
    assert properties("selu").left_limit.value == -1.7580993408473768
    assert properties("leaky_relu").left_asymptote.value == (0.01, 0.0)


def test_zeros_and_stretches() -> None:
    assert properties("mish").zeros.value == (0.0,)
    assert properties("softplus").zeros.value == ()
    assert properties("relu").zeros.value == (Interval(-INF, 0.0, high_closed=True),)
    assert [tuple(s) for s in properties("softsign").convex_on.value] == [(-INF, 0, "convex"), (0, INF, "concave")]


def test_fixed_points_and_whether_they_attract() -> None:
    (point,) = properties("sigmoid").fixed_points.value
    assert point == (pytest.approx(0.659046068407407, rel=1e-15), "attracting")
    x = 10.0
    for _ in range(50):
        x = float(actfn.sigmoid(x))
    assert x == pytest.approx(point.x, rel=1e-15)
    # The slope of tanh at 0 is 1, and yet its iteration falls.
    assert properties("tanh").fixed_points.value == ((0.0, "attracting"),)
    low, zero = properties("selu").fixed_points.value
    assert zero == (0.0, "repelling") and low.kind == "attracting"
    assert float(actfn.selu(low.x)) == pytest.approx(low.x, rel=1e-15)
    assert properties("relu").fixed_points.value[0].x == Interval(0.0, INF, low_closed=True)
    (attracting,) = actfn.hard_sigmoid.properties().fixed_points.value
    assert attracting == (0.6, "attracting")


def test_lipschitz_constants() -> None:
    assert properties("tanh").lipschitz.value == (1.0, (0.0,), True)
    assert properties("softplus").lipschitz.value == (1.0, (INF,), False)
    assert properties("softplus").derivative_lipschitz.value == (0.25, (0.0,), True)
    assert properties("softsign").derivative_lipschitz.value == (2.0, (0.0,), False)
    assert properties("hard_sigmoid").derivative_lipschitz.value == (INF, (-3.0, 3.0), False)
    # The turning points of sech^2 are where tanh^2 is 1/3, and f'' is 4 / (3 sqrt 3) there.
    bound = properties("tanh").derivative_lipschitz.value
    assert bound.value == pytest.approx(4 / (3 * math.sqrt(3)), rel=4e-16)
    assert bound.at[1] == -bound.at[0] == pytest.approx(math.atanh(1 / math.sqrt(3)), rel=4e-16)


def beside(x: float, dtype: Any) -> tuple[Any, Any]:
    """Return the floats of a dtype next to x on either side, x itself excluded."""
    near = np.array(x).astype(dtype)
    below, above = (np.nextafter(near, np.array(end).astype(dtype)) for end in (-INF, INF))
    return below, above


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softsign", "elu", "silu", "mish", "gelu", "softplus"])
def test_beyond_saturation_the_slope_is_below_epsilon(name: str, dtype: str) -> None:
    sides = properties(name).saturation.value[dtype]
    assert sides.left is not None
    for x, outwards in ((sides.left, 0), (sides.right, 1)):
        if x is not None:
            pair = beside(x, DTYPES[dtype])
            # The slopes in float64 at floats of the dtype: those of the dtype would round up to epsilon.
            outer, inner = (abs(float(actfn.get(name).derivative(float(pair[i])))) for i in (outwards, 1 - outwards))
            assert outer < EPSILON[dtype] < inner


def test_nothing_saturates_where_the_slope_stays() -> None:
    assert set(properties("leaky_relu").saturation.value.values()) == {(None, None)}
    assert properties("relu").saturation.value["float32"] == (0.0, None)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "left", "right"),
    [("gelu", 0, "x"), ("silu", 0, "x"), ("softplus", 0, "x"), ("tanh", -1, 1), ("elu", -1, "x"), ("relu", 0, "x")],
)
def test_exactly_linear_and_constant_from_the_float_that_is_named(
    name: str, left: float, right: float | str, dtype: str
) -> None:
    found, function, kind = properties(name), actfn.get(name), DTYPES[dtype]
    for side, target in ((0, left), (1, right)):
        sides = found.exactly_linear if target == "x" else found.exactly_constant
        start = sides.value[dtype][side]
        inside, outside = beside(start, kind)[:: 1 if side else -1]
        points = np.array([start, outside]).astype(kind)
        points = np.concatenate([points, (np.abs(points[:1]) + np.geomspace(1, 1e4, 99).astype(kind)) * (2 * side - 1)])
        assert points.dtype == kind and np.isfinite(points.astype(np.float64)).all()
        assert np.all(function(points) == (points if target == "x" else np.array(target).astype(kind)))
        assert function(inside) != (inside if target == "x" else target)
        assert (found.exactly_constant if target == "x" else found.exactly_linear).value[dtype][side] is None


def test_where_float64_has_left_the_bend() -> None:
    # exp(-x) is half of the last place of 1, of 16 < x, and of the smallest subnormal number.
    assert properties("sigmoid").exactly_constant.value["float64"][1] == pytest.approx(54 * math.log(2), abs=1e-9)
    assert properties("sigmoid").exactly_constant.value["float64"][0] == pytest.approx(-1075 * math.log(2), abs=1e-9)
    assert properties("softplus").exactly_linear.value["float64"][1] == pytest.approx(48 * math.log(2), abs=1e-9)


def test_a_function_of_the_users_own() -> None:
    found = bell_of_properties.properties()
    assert found.range.value == Interval(0.0, 1.0, high_closed=True)
    assert (found.parity.value, found.monotonicity.value, found.convexity.value) == ("even", "not monotone", "neither")
    assert found.extrema.value == ((0.0, 1.0, "maximum", True),)
    assert [point.x for point in found.inflections.value] == pytest.approx([-(0.5**0.5), 0.5**0.5], rel=4e-16)
    assert found.mean.value == pytest.approx(1 / math.sqrt(3), rel=1e-15)
    assert found.second_moment.value == pytest.approx(1 / math.sqrt(5), rel=1e-15)
    assert found.backward_gain.value == pytest.approx(1.6718507624, abs=0.51e-10)


def test_a_function_that_turns_for_ever_has_no_list_of_turns() -> None:
    found = wave_of_properties.properties()
    assert found.extrema.value is None and "for ever" in found.extrema.how
    assert found.second_moment.value == pytest.approx((1 - math.exp(-2)) / 2, rel=1e-15)
    assert found.parity.value == "odd"


def test_parameters_change_the_properties() -> None:
    half = actfn.elu.with_parameters(alpha=0.5).properties()
    assert half.range.value == Interval(-0.5, INF)
    assert half.smoothness.value == "C^0"
    assert half.subject == "actfn.elu(alpha=0.5)"
    # swish(x; beta) is silu(beta x) / beta.
    steep, plain = actfn.swish.with_parameters(beta=4.0).properties(), properties("silu")
    assert steep.extrema.value[0].x == pytest.approx(plain.extrema.value[0].x / 4, rel=4e-16)
    assert steep.lipschitz.value.value == pytest.approx(1.0998393201288669, rel=4e-16)
    assert steep.derivative_lipschitz.value.value == 2.0
    assert actfn.prelu.with_parameters(alpha=1.0).properties().smoothness.value == "C^inf"
    assert actfn.elu.with_parameters(alpha=0).properties().zeros.value == properties("relu").zeros.value


def test_an_inverse_is_known_on_its_domain() -> None:
    found = properties("inverse_selu")
    assert found.domain.value == Interval(-1.7580993408473768)
    assert (found.left_limit.value, found.mean.value) == (-INF, None)


def test_the_second_call_returns_what_the_first_found() -> None:
    first = actfn.elu.with_parameters(alpha=0.5).properties()
    assert actfn.elu.with_parameters(alpha=0.5).properties() is first
    assert actfn.elu.with_parameters(alpha=0.25).properties() is not first


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "maxout"])
def test_functions_of_several_inputs_have_none(name: str) -> None:
    with pytest.raises(TypeError, match=f"^{name} .*each output depends on several inputs"):
        properties(name)


def test_a_parameter_that_must_be_given() -> None:
    with pytest.raises(TypeError, match=r"prelu depend on alpha: .*with_parameters\(alpha=0.25\)"):
        actfn.prelu.properties()
    with pytest.raises(ValueError, match="one number as alpha only"):
        actfn.prelu.with_parameters(alpha=np.ones(3)).properties()


def test_views_hold_every_property() -> None:
    found = properties("hard_sigmoid")
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    table, page = found.table(), found._repr_html_()
    assert len(plain) == 31
    for name, (_, how) in found:
        assert f"\n{name.replace('_', ' ')} " in table and f"<th>{name.replace('_', ' ')}</th>" in page
        assert plain[name]["how"] == how
    assert plain["range"]["value"] == {"low": 0.0, "high": 1.0, "low_closed": True, "high_closed": True}
    assert plain["derivative_lipschitz"]["value"] == {"value": "inf", "at": [-3.0, 3.0], "attained": False}
    assert "&#x27;" in page and "f'" not in page


def test_the_command_prints_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["properties", "elu", "--param", "alpha=0.5"]) == 0
    assert "C^0" in capsys.readouterr().out
    assert main(["properties", "ReLU", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["forward_gain"]["value"] == math.sqrt(2)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["gleu"], "did you mean"),
        (["softmax"], "several inputs"),
        (["prelu"], "alpha"),
        (["elu", "--param", "alpha=x"], "neither a number"),
        (["elu", "--param", "alpha=-1"], "alpha must be in"),
        (["elu", "--param", "beta=1"], "beta"),
        (["elu", "--deep"], "--deep"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["properties", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == "" and len(output.err.splitlines()) == 1 and part in output.err


def test_importing_the_library_imports_neither_sympy_nor_mpmath() -> None:
    code = "import sys, actfn, actfn.properties; print({'sympy', 'mpmath'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("name", "parameters", "epsilon", "expected"),
    [
        ("relu", {}, 1e-3, [(-math.inf, 0.0)]),
        ("relu", {}, 2.0, [(-math.inf, math.inf)]),
        ("identity", {}, 0.5, []),
        ("leaky_relu", {}, 0.01, []),
        ("leaky_relu", {}, 0.011, [(-math.inf, 0.0)]),
        ("elu", {"alpha": 2.0}, 0.01, [(-math.inf, math.log(0.005))]),
        ("sigmoid", {}, 0.01, [(-math.inf, -math.acosh(49.0)), (math.acosh(49.0), math.inf)]),
        ("softsign", {}, 1e-4, [(-math.inf, -99.0), (99.0, math.inf)]),
        ("softplus", {"beta": 2.0}, 0.25, [(-math.inf, -math.log(3) / 2)]),
        ("swish", {"beta": 0.0}, 0.6, [(-math.inf, math.inf)]),
    ],
)
def test_saturated_stretches(
    name: str, parameters: dict[str, float], epsilon: float, expected: list[tuple[float, float]]
) -> None:
    found = saturated(actfn.get(name).with_parameters(**parameters), epsilon)
    assert [stretch[2:] for stretch in found] == [(False, False)] * len(expected)
    for (low, high, *_), ends in zip(found, expected, strict=True):
        assert (low, high) == pytest.approx(ends, rel=1e-13, abs=0)


def test_a_flat_middle_saturates_and_a_turn_does_not() -> None:
    @actfn.elementwise(tags=("zero_centred",))
    class shrink_for_a_test:
        """Zero between -1 and 1."""

        def formula(m: Any, x: Any) -> Any:
            return m.where(x > 1, (x - 1) ** 2, m.where(x < -1, -((x + 1) ** 2), 0))

        def value(m: Any, x: Any) -> Any:
            return m.where(x > 1.0, (x - 1.0) * (x - 1.0), m.where(x < -1.0, -(x + 1.0) * (x + 1.0), 0.0 * x))

        def first(m: Any, x: Any) -> Any:
            return 2.0 * m.maximum(m.abs(x) - 1.0, 0.0)

        def second(m: Any, x: Any) -> Any:
            return m.where(x > 1.0, 2.0, m.where(x < -1.0, -2.0, 0.0 * x))

        def range() -> Interval:
            return Interval()

    ((low, high, *_),) = saturated(shrink_for_a_test, 0.5)
    assert (low, high) == (-1.25, 1.25)
    ((low, high, *_),) = saturated(actfn.gelu, 0.01)
    assert low == -math.inf and high == pytest.approx(-3.0674272039089)


@pytest.mark.parametrize(("name", "error"), [("softmax", "softmax"), ("prelu", "alpha")])
def test_what_has_no_curve_does_not_saturate(name: str, error: str) -> None:
    with pytest.raises(TypeError, match=error):
        saturated(actfn.get(name), 0.1)
