"""What an Activation knows and does: names, parameters, products, inverses, ranges, kinks, formulas, guides."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from reference import DEFAULTS, ELEMENTWISE, FLOATS, PARAMETERS, numbers, same_bits, ulps

import actfn
from actfn import catalogue
from actfn import formula as formulas

NINETEEN = {*ELEMENTWISE, "softmax", "log_softmax", "maxout"}
EPSILON = 2.0**-52


def settled(name: str) -> list[actfn.Activation]:
    """Return a function with its defaults and, if it has parameters, with others."""
    function = actfn.get(name)
    return [function.with_parameters(**DEFAULTS[name])] + [
        function.with_parameters(**p) for p in [PARAMETERS.get(name)] if p
    ]


CASES = [pytest.param(function, id=repr(function)) for name in ELEMENTWISE for function in settled(name)]


def test_the_nineteen_are_among_the_names() -> None:
    assert {*actfn.names()} >= NINETEEN
    for name in actfn.names():
        assert getattr(actfn, name) == actfn.get(name)
        assert actfn.get(name).name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SiLU", "silu"),
        ("LeakyReLU", "leaky_relu"),
        ("leaky-relu", "leaky_relu"),
        ("GELU_tanh", "gelu_tanh"),
        ("linear", "identity"),
        ("LOGSOFTMAX", "log_softmax"),
        ("expit", "sigmoid"),
    ],
)
def test_get_takes_any_spelling(text: str, name: str) -> None:
    assert actfn.get(text) == actfn.get(name)


def test_every_alias_leads_home() -> None:
    for name in actfn.names():
        for alias in actfn.get(name).aliases:
            assert actfn.get(alias.upper()).name == name


def test_an_unknown_name_offers_close_ones() -> None:
    with pytest.raises(actfn.UnknownNameError, match="'mihs'.*mish") as caught:
        actfn.get("mihs")
    assert isinstance(caught.value, ValueError)
    with pytest.raises(actfn.UnknownNameError, match=r"names\(\)"):
        actfn.get("zzzzzz")
    with pytest.raises(AttributeError, match="sigmoid"):
        actfn.sigmiod  # noqa: B018
    with pytest.raises(TypeError, match="int"):
        actfn.get(3)  # type: ignore[arg-type]


def test_search() -> None:
    assert {*actfn.search("gated")} >= {"gelu", "gelu_tanh", "mish", "silu", "swish"}
    assert "relu" not in actfn.search("gated")
    assert "sigmoid" in actfn.search("EXPIT")
    assert "hard_sigmoid" in actfn.search("Hardsigmoid")
    assert actfn.search("no such thing") == ()


@pytest.mark.parametrize("name", sorted(NINETEEN))
def test_every_function_says_what_it_is(name: str) -> None:
    function = actfn.get(name)
    assert function.summary.endswith(".")
    assert function.tags
    assert {*function.frameworks} >= {"PyTorch", "JAX", "Keras"}
    assert all(function.frameworks.values())
    assert function.kind in ("elementwise", "simplex", "grouped")
    assert bool(function.papers) or name == "identity"
    assert str(function.range)[0] in "[("
    for key, parameter in function.parameters.items():
        assert parameter.name == key
        assert parameter.description
        assert parameter.default is None or parameter.default in parameter.domain


def test_with_parameters_gives_an_equal_or_another_function() -> None:
    steep, again = (actfn.leaky_relu.with_parameters(negative_slope=0.2) for _ in range(2))
    assert steep == again
    assert hash(steep) == hash(again)
    assert steep != actfn.leaky_relu
    assert steep != actfn.prelu.with_parameters(alpha=0.2)
    assert actfn.leaky_relu.with_parameters() == actfn.leaky_relu
    assert len({steep, again, actfn.leaky_relu}) == 2
    assert steep.parameters["negative_slope"].default == 0.2
    assert actfn.leaky_relu.parameters["negative_slope"].default == 0.01
    assert float(steep(-2.0)) == -0.4
    assert float(steep(-2.0, negative_slope=0.5)) == -1.0
    assert repr(steep) == "actfn.leaky_relu(negative_slope=0.2)"
    for change in (lambda: setattr(steep, "name", "x"), lambda: setattr(steep, "new", 1)):
        with pytest.raises(AttributeError):
            change()


@pytest.mark.parametrize("alpha", [np.array([0.5, 0.25]), [0.5, 0.25], (0.5, 0.25)], ids=lambda a: type(a).__name__)
def test_an_array_of_parameters_is_kept_as_it_was(alpha: Any) -> None:
    function, twin = (actfn.prelu.with_parameters(alpha=copy.copy(part)) for part in (alpha, alpha))
    assert function == twin
    assert hash(function) == hash(twin)
    assert function != actfn.prelu.with_parameters(alpha=alpha[::-1])
    function = actfn.prelu.with_parameters(alpha=alpha)
    if not isinstance(alpha, tuple):
        alpha[0] = 9.0
    assert function(np.array([-2.0, -4.0])).tolist() == [-1.0, -1.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: actfn.swish(1.0, beta=np.nan), ValueError, "swish.*beta.*nan"),
        (lambda: actfn.swish(1.0, beta=[1.0, np.inf]), ValueError, "swish.*beta.*inf"),
        (lambda: actfn.softplus(1.0, beta=0), ValueError, r"softplus.*beta.*\(0, inf\).*0"),
        (lambda: actfn.softplus.derivative(1.0, beta=-1), ValueError, "softplus.*beta.*-1"),
        (lambda: actfn.elu.with_parameters(alpha=-0.5), ValueError, r"elu.*alpha.*\[0, inf\).*-0.5"),
        (lambda: actfn.elu.vjp(1.0, 1.0, alpha=-0.5), ValueError, "elu.*alpha.*-0.5"),
        (lambda: actfn.hard_sigmoid(1.0, slope=0.0), ValueError, "hard_sigmoid.*slope.*0"),
        (lambda: actfn.swish(1.0, beta="steep"), TypeError, "swish.*beta.*steep"),
        (lambda: actfn.swish(1.0, beta=1j), TypeError, "swish.*beta.*1j"),
        (lambda: actfn.swish(1.0, beta=None), TypeError, "swish.*beta"),
        (lambda: actfn.swish(1.0, betta=1.0), TypeError, "swish.*betta.*beta"),
        (lambda: actfn.relu(1.0, alpha=1.0), TypeError, "relu.*alpha"),
        (lambda: actfn.prelu(1.0), TypeError, "prelu.*alpha"),
        (lambda: actfn.prelu.parameter_vjp(1.0, 1.0), TypeError, "prelu.*alpha"),
        (lambda: actfn.relu.parameter_vjp(1.0, 1.0), TypeError, "relu.*no parameters"),
        (lambda: actfn.swish.parameter_vjp(1.0, 1.0, out=np.empty(1)), TypeError, "swish.*out"),
        (lambda: actfn.relu.derivative(1.0, order=3), ValueError, "relu.*order.*3"),
        (lambda: actfn.relu.derivative(1.0, order="1"), ValueError, "relu.*order.*'1'"),
        (lambda: actfn.relu.vjp(np.ones(3), np.ones(2)), ValueError, "relu.*broadcast"),
        (lambda: actfn.prelu(np.ones(3), alpha=np.ones(2)), ValueError, "prelu.*broadcast"),
        (lambda: actfn.softmax.derivative([1.0]), TypeError, "softmax.*jacobian"),
        (lambda: actfn.softmax.gradient([1.0]), TypeError, "softmax.*vjp"),
        (lambda: actfn.maxout.value_and_derivative([1.0]), TypeError, "maxout.*vjp"),
        (lambda: actfn.relu.jacobian([1.0]), TypeError, "relu"),
        (lambda: actfn.mish.guide("fr"), ValueError, "'fr'.*en.*zh"),
        (lambda: actfn.mish.latex(-1), ValueError, "mish.*-1"),
        (lambda: actfn.softmax.sympy(2), ValueError, "softmax.*2"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 1), (3, 1, 1), (3, 4, 5), (1, 1, 1, 1), (2, 3, 4, 5)])
def test_parameter_vjp_sums_what_was_broadcast(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(len(shape))
    x, g = (rng.integers(-512, 513, (3, 4, 5)) / 256 for _ in range(2))
    parameters = {key: np.full(shape, value) for key, value in PARAMETERS[name].items()}
    got = actfn.get(name).parameter_vjp(x.astype(dtype), g.astype(dtype), **parameters)
    assert {*got} == {*parameters}
    for key in parameters:
        partial = getattr(actfn.ufuncs, f"{name}_vjp_{key}")(x.astype(dtype), g.astype(dtype), *parameters.values())
        terms = partial.astype(np.longdouble)
        # Add where the shape has no such axis, or one of length 1.
        padded = (1,) * (terms.ndim - len(shape)) + shape
        axes = tuple(axis for axis, side in enumerate(padded) if side == 1)
        expected, size = (np.sum(part, axis=axes, keepdims=True).reshape(shape) for part in (terms, np.abs(terms)))
        assert np.shape(got[key]) == shape
        wanted = np.dtype(np.float64)
        assert np.asarray(got[key]).dtype == wanted
        # A float64 sum of n terms is off by n - 1 roundings of the sum of their sizes; then it is rounded to the dtype.
        slack = np.maximum(ulps(np.asarray(got[key]), expected) - 0.501, 0)
        unit = np.spacing(np.abs(np.asarray(got[key], np.float64).astype(wanted))).astype(np.longdouble)
        assert (slack * unit <= 120 * EPSILON * size).all()


def test_parameter_gradients_keep_the_parameters_dtype() -> None:
    x = np.linspace(-2, 1, 6, dtype=np.float32).reshape(2, 3)
    for dtype in FLOATS:
        gradient = actfn.prelu.parameter_vjp(x, x, alpha=np.full(3, 0.5, dtype))["alpha"]
        assert gradient.dtype == dtype
        assert gradient.shape == (3,)


@pytest.mark.parametrize("function", CASES)
def test_the_several_ways_to_one_derivative_agree(function: Any) -> None:
    x = numbers(np.random.default_rng(3), (257,), np.dtype(np.float64))
    g = np.full(257, 2.0)
    value, first = function.value_and_derivative(x)
    assert same_bits(value, function(x))
    assert same_bits(value, function.derivative(x, order=0))
    assert same_bits(first, function.gradient(x))
    assert same_bits(first, function.derivative(x))
    with np.errstate(all="ignore"):
        assert same_bits(function.vjp(x, g), 2 * first)


@pytest.mark.parametrize("function", CASES)
def test_an_inverse_undoes(function: Any) -> None:
    if function.inverse is None:
        falling = function.name in ("relu", "mish", "silu", "gelu", "gelu_tanh", "swish", "hard_sigmoid")
        assert falling or function == actfn.prelu.with_parameters(alpha=-0.625)
        return
    x = np.concatenate([np.linspace(-3, 3, 241), [-1e-5, 1e-5, -1e-300, 1e-300, 0.0]])
    y, slope = function.value_and_derivative(x)
    back = function.inverse(y)
    # y is off by half an ULP of its own, x by that over the slope, and the inverse by its own rounding.
    allowed = 2 * (np.spacing(np.abs(y)) / slope + np.spacing(np.abs(x)))
    assert (np.abs(back - x) <= allowed).all()
    assert function.inverse.inverse(x[x > 0]) == pytest.approx(function(x[x > 0]), rel=4 * EPSILON)
    inside = back[np.abs(slope) > 1e-3]
    assert function.inverse.derivative(function(inside)) == pytest.approx(1 / function.derivative(inside), rel=1e-12)


@pytest.mark.parametrize("function", CASES)
def test_the_range_is_reached_and_never_left(function: Any) -> None:
    interval = function.range
    moderate = function(np.linspace(-4, 4, 8001))
    values = np.concatenate([moderate, function(np.linspace(-700, 700, 20001)), function(np.array([-1e300, 1e300]))])
    # An open end is reached by rounding only, and far out.
    assert all(float(value) in interval for value in moderate)
    assert (values >= interval.low).all()
    assert (values <= interval.high).all()
    for end, extreme in ((interval.low, values.min()), (interval.high, values.max())):
        assert abs(extreme) >= 1e297 if np.isinf(end) else abs(extreme - end) <= 1e-6 * max(1, abs(end))
    assert str(interval) == str(actfn.Interval(*interval))


@pytest.mark.parametrize("function", CASES)
def test_kinks_have_the_slopes_of_the_formula(function: Any) -> None:
    declaration = catalogue.find(function.name)
    values = {key: parameter.default for key, parameter in function.parameters.items()}

    def slope(x: float, step: float) -> float:
        with mpmath.workprec(300):
            rise = formulas.evaluate(declaration, x + step, values) - formulas.evaluate(declaration, x, values)
            return float(rise / mpmath.mpf(step))

    # A kink's place is rounded, and the formula may bend beside it.
    step = 2.0**-24
    for kink in function.kinks:
        assert slope(kink.x, -step) == pytest.approx(kink.left, rel=1e-6, abs=0)
        assert slope(kink.x, step) == pytest.approx(kink.right, rel=1e-6, abs=0)
        assert kink.left != kink.right
        assert kink.chosen in (kink.left, kink.right)
        assert float(function.derivative(kink.x)) == kink.chosen
        assert float(function.derivative(kink.x - 1e-9)) == pytest.approx(kink.left, rel=1e-8, abs=0)
        assert float(function.derivative(kink.x + 1e-9)) == pytest.approx(kink.right, rel=1e-8, abs=0)
    # Anywhere else both sides agree.
    for x in {-3.0, -1.0, 0.0, 0.5, 3.0} - {kink.x for kink in function.kinks}:
        assert slope(x, -step) == pytest.approx(slope(x, step), rel=1e-5, abs=0)


def test_a_function_without_its_bend_has_no_kink() -> None:
    assert actfn.prelu.with_parameters(alpha=1.0).kinks == ()
    assert actfn.leaky_relu.with_parameters(negative_slope=1.0).kinks == ()
    assert actfn.elu.kinks == ()
    assert len(actfn.elu.with_parameters(alpha=0.5).kinks) == 1


@pytest.mark.parametrize("slope", [1 / 6, 1 / 3, 0.2, 0.3, 0.7])
@pytest.mark.parametrize("offset", [0.5, 0.625, 0.1])
def test_hard_sigmoids_corners_are_where_the_formula_has_them(slope: float, offset: float) -> None:
    n = round(1 / slope)
    exact = Fraction(1, n) if 1 / n == slope else Fraction(slope)
    for place in (-offset / slope, (1 - offset) / slope):
        for steps in range(-3, 4):
            x = float(place + steps * np.spacing(place))
            inside = 0 < exact * Fraction(x) + Fraction(offset) < 1
            assert float(actfn.hard_sigmoid.derivative(x, slope=slope, offset=offset)) == (slope if inside else 0), x
