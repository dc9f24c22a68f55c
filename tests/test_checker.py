"""The checker: it passes what is right, finds every fault that is planted, and says where; summaries add up."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from reference import Array

import actfn
from actfn import Activation, catalogue
from actfn.accuracy import sample
from actfn.accuracy.formats import FORMATS, format_of
from actfn.accuracy.frameworks import library_of
from actfn.accuracy.oracle import Oracle
from actfn.accuracy.report import Report
from actfn.accuracy.tally import HIGHEST, KINDS, LOWEST, PER_OCTAVE, Tally
from actfn.functions import declared

BY_HAND = ("elu", "gelu", "gelu_tanh", "leaky_relu", "mish", "selu", "sigmoid", "silu", "softplus", "swish", "tanh")
BOUNDS = {"float16": 0.501, "bfloat16": 0.501, "float32": 0.51, "float64": 1.0}
# Points of each binade: some ten thousand for float32, some five thousand for float64.
EACH = {"float16": None, "bfloat16": None, "float32": 16, "float64": 1}
FUNCTIONS = tuple(name for name, d in declared().items() if d.kind == "elementwise" and d.hot)
INVERSES = tuple(name for name, d in declared().items() if d.inverse_of is not None)
DTYPES = tuple(FORMATS)


def silent(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a user's function that ignores floating-point warnings, as user's functions do."""

    def call(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return function(x)

    return call


def step(y: Array, count: int) -> Array:
    """Return finite numbers that are some steps further from zero."""
    bits = np.dtype(f"i{y.dtype.itemsize}")
    return (y.view(bits) + bits.type(count)).view(y.dtype)


def changed(function: Any, where: Callable[[Array], Array], change: Callable[[Array], Array]) -> Callable[..., Array]:
    """Return a function with other results at some places."""
    return silent(lambda x: np.where(where(x), change(function(x)), function(x)).astype(x.dtype))


def check(function: Any, reference: Any, **options: Any) -> Report:
    dtype = format_of(options.setdefault("dtype", "float32")).name
    return actfn.check(function, reference, **{"each": EACH[dtype], **options})


def only(report: Report, *kinds: str) -> bool:
    """Tell whether these kinds of fault were met and no others."""
    return {kind for kind, count in report.faults.items() if count} == set(kinds)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_within_its_bound(name: str, order: int, dtype: str) -> None:
    function = actfn.prelu.with_parameters(alpha=0.25) if name == "prelu" else actfn.get(name)
    by_hand = dtype == "float32" and order < 2 and name in BY_HAND
    bound = 1.0 if by_hand else BOUNDS[dtype]
    report = check(lambda x: function.derivative(x, order=order), function, order=order, dtype=dtype, max_ulp=bound)
    assert report.ok, report.sentence()
    assert report.exhaustive == (dtype in ("float16", "bfloat16"))
    assert report.tally.count == 65536 if report.exhaustive else report.tally.count > 5000
    assert report.tally.share_correct > 0.8


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", INVERSES)
def test_every_inverse_is_within_four_ulp(name: str, order: int, dtype: str) -> None:
    function = actfn.get(name)
    report = check(lambda x: function.derivative(x, order=order), function, order=order, dtype=dtype, max_ulp=4)
    assert report.ok, report.sentence()


@pytest.mark.parametrize(
    "reference",
    [
        "leaky_relu(negative_slope=-0.3)",
        "prelu(alpha=-1.0)",
        "prelu(alpha=7.5)",
        "elu(alpha=0.0)",
        "elu(alpha=1e-06)",
        "softplus(beta=1000.0)",
        "swish(beta=-2.5)",
        "swish(beta=0.0)",
        "hard_sigmoid(slope=0.2, offset=0.25)",
    ],
)
def test_parameters_are_passed_on(reference: str) -> None:
    name, written = reference.removesuffix(")").split("(")
    parameters = {word.split("=")[0]: float(word.split("=")[1]) for word in written.split(", ")}
    for order in (0, 1, 2):
        for dtype in ("float16", "float32"):
            function = actfn.get(name).with_parameters(**parameters)

            def call(x: Array, order: int = order, function: Activation = function) -> Array:
                return function.derivative(x, order=order)

            by_text = check(call, reference, order=order, dtype=dtype, max_ulp=1)
            by_keyword = check(call, name, order=order, dtype=dtype, max_ulp=1, **parameters)
            assert by_text.ok, by_text.sentence()
            assert by_keyword.as_dict() == by_text.as_dict()
            assert by_text.reference == reference
    value = 0.5 if name in ("prelu", "leaky_relu", "hard_sigmoid") else 2.0
    wrong = actfn.get(name).with_parameters(**{next(iter(parameters)): value})
    assert not check(wrong, reference, dtype="float16").ok


def test_correct_functions_of_a_user_pass() -> None:
    for function, reference, order in (
        (lambda x: np.logaddexp(0, x.astype(np.float64)).astype(x.dtype), "softplus", 0),
        (lambda x: (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype), "sigmoid", 0),
        (lambda x: np.tanh(x.astype(np.float64)).astype(x.dtype), "tanh", 0),
        (lambda x: (1 / np.cosh(x.astype(np.float64)) ** 2).astype(x.dtype), "tanh", 1),
        (lambda x: np.maximum(x, np.zeros_like(x)), "relu", 0),
        (lambda x: np.where(x > 0, x, np.expm1(np.where(x > 0, 0, x), dtype=np.float64)).astype(x.dtype), "elu", 0),
    ):
        report = check(silent(function), reference, order=order, max_ulp=0.51)
        assert report.ok, report.sentence()


def test_dtypes_by_name_type_and_object() -> None:
    for dtype in ("float16", np.float16, np.dtype(np.float16)):
        assert actfn.check(actfn.mish, actfn.mish, dtype=dtype).dtype == "float16"
    for dtype in ("bfloat16", ml_dtypes.bfloat16, np.dtype(ml_dtypes.bfloat16)):
        assert actfn.check(actfn.mish, "Mish", dtype=dtype).dtype == "bfloat16"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["gelu", "softplus"])
def test_an_error_of_three_units_in_one_binade(name: str, dtype: str) -> None:
    # Three steps that cross a power of two are up to six units of the smaller number.
    low, high = 2.0, 4.0
    planted = changed(actfn.get(name), lambda x: (x >= low) & (x < high), lambda y: step(y, 3))
    report = check(planted, name, dtype=dtype, max_ulp=2)
    assert not report.ok and report.worst is not None and report.tally.bad is not None
    assert low <= report.worst["x"] < high and 2.4 < report.max_ulp < 6.6
    assert low <= report.tally.bad[0] <= report.tally.bad[1] < high
    sentence = report.sentence()
    assert repr(report.worst["x"]) in sentence and report.worst["x"].hex() in sentence
    assert check(planted, name, dtype=dtype, max_ulp=4).max_ulp == report.max_ulp


def place(dtype: str) -> float:
    """Return one number of the sample, of no special meaning."""
    form = FORMATS[dtype]
    numbers = sample.stratified(form, (), EACH[dtype] or 1).astype(np.float64)
    return float(numbers[(numbers > 1.5) & (numbers < 1.75)][0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_at_one_number(dtype: str) -> None:
    at = place(dtype)
    report = check(changed(actfn.silu, lambda x: x == at, lambda y: y * math.nan), "silu", dtype=dtype)
    assert not report.ok and only(report, "wrong_nan") and report.faults["wrong_nan"] == 1
    assert "1 wrong nan" in report.sentence()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_for_nan(dtype: str) -> None:
    report = check(changed(actfn.silu, np.isnan, np.zeros_like), "silu", dtype=dtype)
    assert not report.ok and only(report, "wrong_nan")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["tanh", "gelu", "elu", "identity", "softsign"])
def test_a_wrong_sign_of_zero_at_zero(name: str, dtype: str) -> None:
    report = check(changed(actfn.get(name), lambda x: x == 0, np.abs), name, dtype=dtype)
    assert not report.ok and report.faults["wrong_zero_sign"] == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_sign_of_zero_in_a_tail(dtype: str) -> None:
    for name, order in (("gelu", 0), ("mish", 1), ("sigmoid", 2)):
        function = actfn.get(name)

        def exact(x: Array, order: int = order, function: Activation = function) -> Array:
            return function.derivative(x, order=order)

        for infinity in (-math.inf, math.inf):
            if exact(np.array([infinity]))[0] == 0:
                planted = changed(exact, lambda x, at=infinity: x == at, lambda y: -y)
                report = check(planted, name, order=order, dtype=dtype)
                assert only(report, "wrong_zero_sign") and report.faults["wrong_zero_sign"] == 1, name
                assert not report.ok


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinity_too_early_and_too_late(dtype: str) -> None:
    half = float(ml_dtypes.finfo(FORMATS[dtype].dtype).max) / 2
    early = check(changed(actfn.silu, lambda x: x > half, lambda y: y * math.inf), "silu", dtype=dtype)
    assert not early.ok and only(early, "wrong_infinity") and math.isfinite(early.max_ulp)
    largest = ml_dtypes.finfo(FORMATS[dtype].dtype).max
    late = check(changed(actfn.selu, lambda x: x > half, lambda y: np.minimum(y, largest)), "selu", dtype=dtype)
    assert not late.ok and only(late, "wrong_infinity")
    wrong = check(changed(actfn.silu, lambda x: x == math.inf, np.negative), "silu", dtype=dtype)
    assert not wrong.ok and wrong.faults["wrong_infinity"] == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_results_flushed_to_zero(dtype: str) -> None:
    tiny = ml_dtypes.finfo(FORMATS[dtype].dtype).tiny
    for name in ("gelu", "identity", "sigmoid", "softplus"):
        function = actfn.get(name)
        flush = silent(lambda x, f=function: np.where(np.abs(f(x)) < tiny, f(x) * x.dtype.type(0), f(x)))
        report = check(flush, name, dtype=dtype)
        assert not report.ok and only(report, "flushed"), report.sentence()
        assert report.max_ulp <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_smallest_number_flushed_to_zero(dtype: str) -> None:
    smallest = ml_dtypes.finfo(FORMATS[dtype].dtype).smallest_subnormal
    report = check(changed(actfn.identity, lambda x: np.abs(x) == smallest, lambda y: y * 0), "identity", dtype=dtype)
    assert not report.ok and report.faults["flushed"] == 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_loss_of_monotonicity_within_the_bound(dtype: str) -> None:
    at = place(dtype)
    planted = changed(actfn.softplus, lambda x: x == at, lambda y: step(y, -4 if dtype in ("float16",) else -3))
    report = check(planted, "softplus", dtype=dtype, max_ulp=8)
    assert report.max_ulp <= 8
    if dtype == "float16":
        assert report.faults["not_monotone"] == 1
    # Elsewhere neighbours may lie further apart than the error: a jump up over the next number shows.
    planted = changed(actfn.relu, lambda x: x == at, lambda y: y * 0 + at * 2)
    assert check(planted, "relu", dtype=dtype).faults["not_monotone"] == 1
    assert not check(planted, "relu", dtype=dtype, max_ulp=1e300).ok


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_loss_of_symmetry_within_the_bound(dtype: str) -> None:
    def slope(x: Array) -> Array:
        return actfn.tanh.derivative(x)

    for function, order in ((actfn.tanh, 0), (slope, 1)):
        planted = changed(function, lambda x: (x < -0.25) & (x > -0.5), lambda y: step(y, -1))
        report = check(planted, "tanh", order=order, dtype=dtype, max_ulp=2)
        assert report.max_ulp < 2 and not report.ok
        assert only(report, "not_symmetric"), report.sentence()


def erf(x: Array) -> Array:
    return np.array([math.erf(value) for value in x], x.dtype)


def logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


NAIVE: dict[str, tuple[Callable[[Array], Array], str, int, float, float]] = {
    "1 + erf": (lambda x: np.float32(0.5) * x * (1 + erf(x / np.float32(2**0.5))), "gelu", 0, -6.0, -5.0),
    "log(1 + exp)": (lambda x: np.log(1 + np.exp(x)), "softplus", 0, -18.0, -14.0),
    "s (1 - s)": (lambda x: logistic(x) * (1 - logistic(x)), "sigmoid", 1, 14.0, 18.0),
    "1 - tanh^2": (lambda x: 1 - np.tanh(x) ** 2, "tanh", 1, -10.0, 10.0),
    "exp - 1": (lambda x: np.where(x > 0, x, np.exp(x) - 1), "elu", 0, -2e-7, 0.0),
}


@pytest.mark.parametrize("naive", NAIVE)
def test_textbook_code_is_found_out(naive: str) -> None:
    function, reference, order, low, high = NAIVE[naive]
    report = check(silent(function), reference, order=order)
    assert not report.ok and report.worst is not None
    # All digits are gone: 2^22 units and more.
    assert report.max_ulp > 2**22 and low <= report.worst["x"] <= high, report.sentence()
    assert report.tally.percentile(0.5) < 4, report.sentence()


def test_what_textbook_code_flushes_and_overflows() -> None:
    gelu = check(silent(NAIVE["1 + erf"][0]), "gelu")
    assert gelu.faults["flushed"] > 0 and "flushed" in gelu.sentence()
    softplus = check(silent(NAIVE["log(1 + exp)"][0]), "softplus")
    assert softplus.faults["wrong_infinity"] > 0 and softplus.faults["flushed"] > 0


def test_all_numbers_of_a_narrow_format_by_default() -> None:
    for dtype in ("float16", "bfloat16"):
        report = actfn.check(silent(lambda x: (x / (1 + np.abs(x))).astype(x.dtype)), "softsign", dtype=dtype)
        assert report.exhaustive and report.as_dict()["count"] == 65536
        # inf / inf.
        assert report.faults["wrong_nan"] == 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_error_at_zero_and_at_the_largest_number_is_finite(dtype: str) -> None:
    info = ml_dtypes.finfo(FORMATS[dtype].dtype)
    top = check(changed(actfn.identity, lambda x: x == info.max, lambda y: step(y, -6)), "identity", dtype=dtype)
    assert top.max_ulp == 6 and top.worst is not None and top.worst["x"] == float(info.max)
    smallest = info.smallest_subnormal
    zero = check(changed(actfn.identity, lambda x: x == 0, lambda y: y * 0 + 5 * smallest), "identity", dtype=dtype)
    assert zero.max_ulp == 5 and zero.worst is not None and zero.worst["x"] == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_enormous_error_raises_no_warning(dtype: str) -> None:
    largest = ml_dtypes.finfo(FORMATS[dtype].dtype).max
    for reference in ("sigmoid", "gelu"):
        for value in (largest, -largest, 1):
            report = check(lambda x, value=value: np.where(np.isnan(x), x, x * 0 + value).astype(x.dtype), reference)
            assert not report.ok
        report = check(silent(lambda x: np.where(np.isnan(x), x, largest).astype(x.dtype)), reference, dtype=dtype)
        assert not report.ok and report.max_ulp > 2.0 ** FORMATS[dtype].digits
        assert "ULP at x" in report.sentence()


def test_a_root_of_a_derivative() -> None:
    root = -1.2784645427610738

    def naive(x: Array) -> Array:
        s = logistic(x)
        return s * (1 + x * (1 - s))

    # float32 gets no help next to the root.
    single = check(silent(naive), "silu", order=1)
    assert single.max_ulp > 100
    at_root = check(
        changed(actfn.silu.gradient, lambda x: np.abs(x / root - 1) < 2**-12, lambda y: step(y, 5)), "silu", order=1
    )
    assert at_root.max_ulp > 4 and at_root.worst is not None and abs(at_root.worst["x"] / root - 1) < 2**-12
    # float64 errors count in units of the value one part in 2^10 away.
    x = np.array([math.nextafter(root, 0)])
    exact = Oracle(catalogue.find("silu"), {}, 1).at(float(x[0]))
    off = float(actfn.silu.gradient(x)[0] + 2.0**-63)
    assert exact is not None and exact.ulps(off, FORMATS["float64"]) > 2**30

    def shifted(error: float) -> Report:
        planted = changed(actfn.silu.gradient, lambda x: np.abs(x / root - 1) < 2**-11, lambda y: y + error)
        return check(planted, "silu", order=1, dtype="float64")

    double, far = shifted(2.0**-63), shifted(2.0**-55)
    assert double.ok and double.max_ulp > 1.5, double.sentence()
    assert not far.ok and far.worst is not None and abs(far.worst["x"] / root - 1) < 2**-11


def test_an_error_at_a_root_that_is_a_number_is_seen() -> None:
    planted = changed(actfn.get("logit"), lambda x: x == 0.5, lambda y: y + 0.125)
    report = check(planted, "logit", dtype="float64")
    assert report.max_ulp > 2**40 and report.worst is not None and report.worst["x"] == 0.5


def relu_slope(at_zero: float) -> Callable[[Array], Array]:
    return lambda x: np.where(np.isnan(x), x, np.where(x == 0, at_zero, np.where(x > 0, 1.0, 0.0))).astype(x.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_slope_between_the_sides_of_a_kink_passes_and_is_counted(dtype: str) -> None:
    for slope in (0.0, 0.5, 1.0):
        report = check(relu_slope(slope), "relu", order=1, dtype=dtype, max_ulp=0)
        assert report.ok, report.sentence()
        assert report.as_dict()["at_kinks"] == 2 and "kinks" not in report.faults
    for slope in (1.5, -0.5, math.nextafter(1.0, 2) if dtype == "float64" else 1.25):
        report = check(relu_slope(slope), "relu", order=1, dtype=dtype, max_ulp=0.25)
        assert not report.ok and report.as_dict()["at_kinks"] == 0
        assert report.worst is not None and report.worst["x"] == 0 and report.worst["got"] == slope
    for slope in (math.nan, math.inf):
        report = check(relu_slope(slope), "relu", order=1, dtype=dtype)
        assert not report.ok and only(report, "wrong_nan" if math.isnan(slope) else "wrong_infinity")


def test_conventions_at_two_kinks_need_not_be_symmetric() -> None:
    sixth = np.float32(1 / 6)
    for low, high in ((np.greater, np.less_equal), (np.greater_equal, np.less), (np.greater_equal, np.less_equal)):

        def slope(x: Array, low: Any = low, high: Any = high) -> Array:
            return np.where(np.isnan(x), x, np.where(low(x, -3) & high(x, 3), sixth, np.float32(0)))

        report = check(slope, "hard_sigmoid", order=1)
        assert report.ok and report.as_dict()["at_kinks"] == 2, report.sentence()


def test_any_finite_second_derivative_passes_at_a_joint() -> None:
    for value in (-2.0, 0.0, 2.0):
        report = check(
            changed(lambda x: actfn.softsign.derivative(x, order=2), lambda x: x == 0, lambda y, v=value: y * 0 + v),
            "softsign",
            order=2,
        )
        assert report.ok, report.sentence()
    planted = changed(lambda x: actfn.softsign.derivative(x, order=2), lambda x: x == 0, lambda y: y + math.nan)
    assert check(planted, "softsign", order=2).faults["wrong_nan"] == 2


def test_an_exact_root_away_from_zero_has_either_sign() -> None:
    for sign in (1.0, -1.0):
        report = check(
            changed(actfn.get("logit"), lambda x: x == 0.5, lambda y, s=sign: np.copysign(y, y.dtype.type(s))),
            "logit",
            dtype="float16",
        )
        assert report.faults["wrong_zero_sign"] == 0, sign


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_shape_or_dtype_is_an_error(dtype: str) -> None:
    count = "65536" if EACH[dtype] is None else r"\d+"
    for function, words in (
        (lambda x: x[:-1], rf"shape \({count},\).*\(\d+,\)"),
        (lambda x: x[:, None], rf"shape \({count},\).*\(\d+, 1\)"),
        (lambda x: x.sum(initial=0, where=x == 1), r"shape.*\(\)"),
        (lambda x: x.astype(np.longdouble), rf"{dtype}.*(longdouble|float128)"),
        (lambda x: x.astype(np.complex128), f"{dtype}.*complex128"),
        (lambda x: [1.0, 2.0], r"shape.*\(2,\)"),
        (lambda x: None, "shape|dtype"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            check(silent(function), "relu", dtype=dtype)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("at", [2.5, -2.5, 1.0])
def test_an_exception_is_told_with_its_x(at: float, dtype: str) -> None:
    def fragile(x: Array) -> Array:
        if (x == at).any():
            raise ArithmeticError("no such number")
        return x

    def half(x: Array) -> Array:
        if (x >= at).any():
            raise KeyError("too large")
        return x

    # 1 is in every sample.
    if at == 1.0 or EACH[dtype] is None:
        with pytest.raises(
            ValueError, match=rf"ArithmeticError.*x = {at!r} \({at.hex()}".replace("+", r"\+")
        ) as caught:
            check(fragile, "identity", dtype=dtype)
        assert "no such number" in str(caught.value) and isinstance(caught.value.__cause__, ArithmeticError)
    with pytest.raises(ValueError, match=r"KeyError.*x = (\S+) \(") as caught:
        check(half, "identity", dtype=dtype)
    named = float(str(caught.value).split("x = ")[1].split(" ")[0])
    assert named >= at


def test_a_function_that_takes_no_arrays_is_an_error() -> None:
    with pytest.raises(ValueError, match="TypeError"):
        check(math.tanh, "tanh")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"dtype": "float8"}, ValueError, "float8.*float16, bfloat16, float32, float64"),
        ({"dtype": np.int32}, ValueError, "int32.*float32"),
        ({"dtype": "longdouble"}, ValueError, "longdouble"),
        ({"order": 3}, ValueError, "order.*0, 1 or 2.*3"),
        ({"order": -1}, ValueError, "order.*-1"),
        ({"library": "cupy"}, ValueError, "cupy.*numpy, torch, jax, array_api"),
        ({"library": "array_api"}, ValueError, "namespace"),
        ({"alpha": 2.0}, TypeError, "mish.*alpha"),
        ({"dtype": "float64", "exhaustive": True}, ValueError, "float64.*exhaustive|exhaustive.*float64|2.64"),
        ({"reference": "mich"}, actfn.UnknownNameError, "mich.*mish"),
        ({"reference": "mish(1.0)"}, ValueError, r"mish\(1.0\).*alpha=0.5"),
        ({"reference": "elu(alpha=)"}, ValueError, r"elu\(alpha=\)"),
        ({"reference": "elu(alpha=x)"}, ValueError, r"elu\(alpha=x\)"),
        ({"reference": "elu(alpha=0.5"}, ValueError, r"elu\(alpha=0.5"),
        ({"reference": "elu(slope=0.5)"}, TypeError, "elu.*slope"),
        ({"reference": "elu(alpha=-0.5)"}, ValueError, "elu.*alpha.*-0.5"),
        ({"reference": "elu(alpha='one')"}, (TypeError, ValueError), "elu.*alpha.*one"),
        ({"reference": ""}, ValueError, "''"),
        ({"reference": "softmax"}, ValueError, "softmax.*elementwise"),
        ({"reference": "maxout(group_size=2)"}, ValueError, "maxout.*elementwise"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(options: dict[str, Any], error: Any, words: str) -> None:
    options = {"reference": "mish", "dtype": "float16", **options}
    with pytest.raises(error, match=words) as caught:
        actfn.check(actfn.mish, options.pop("reference"), **options)
    assert "\n" not in str(caught.value)


class Recording:
    """NumPy as an array-API namespace that notes what it converts."""

    def __init__(self) -> None:
        self.seen: list[np.dtype[Any]] = []

    def asarray(self, x: Array) -> Array:
        self.seen.append(x.dtype)
        return np.asarray(x)


def test_an_array_api_function_gets_arrays_of_its_namespace() -> None:
    for dtype in ("float16", "float32", "float64"):
        namespace = Recording()
        report = check(actfn.tanh, "tanh", library="array_api", namespace=namespace, dtype=dtype, max_ulp=1)
        assert report.ok, report.sentence()
        assert set(namespace.seen) == {np.dtype(dtype)}


def test_the_library_is_found_from_the_module() -> None:
    def function(x: Array) -> Array:
        return x

    found = {}
    for module in ("torch.nn.functional", "jax._src.nn.functions", "jaxlib.x", "flax.linen", "numpy", "mine", None):
        function.__module__ = module
        found[module] = library_of(function)
    torch, jax, numpy = "torch", "jax", "numpy"
    assert [*found.values()] == [torch, jax, jax, jax, numpy, numpy, numpy]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sample_visits_every_binade_and_every_end(dtype: str) -> None:
    form = FORMATS[dtype]
    x = sample.stratified(form, (3.0, -0.1), 4, seed=7)
    assert x.dtype == form.dtype and len(np.unique(x.view(form.bits))) == len(x)
    finite = x[np.isfinite(x) & (x != 0)].astype(np.float64)
    for side in (finite[finite > 0], -finite[finite < 0]):
        binades = np.unique(np.frexp(side)[1] - 1)
        assert binades.tolist() == [*range(form.smallest_exponent, form.largest_exponent + 1)]
        assert side.max() == float(np.finfo(dtype).max) and side.min() == float(np.finfo(dtype).smallest_subnormal)
    zeros = x[x == 0]
    assert sorted(np.signbit(zeros)) == [False, True] and set(x[np.isinf(x)]) == {-math.inf, math.inf}
    assert np.isnan(x).sum() == 1
    for around in (np.array(3.0, dtype), np.array(-0.1, dtype)):
        bits = around.view(form.bits).astype(np.int64) + np.arange(-32, 33)
        assert np.isin(bits, x.view(form.bits).astype(np.int64)).all()
    assert np.array_equal(sample.stratified(form, (3.0, -0.1), 4, seed=7), x, equal_nan=True)
    assert len(np.setdiff1d(sample.stratified(form, (3.0, -0.1), 4, seed=8), x)) > 100


def test_all_numbers_are_all_numbers() -> None:
    for dtype in ("float16", "bfloat16"):
        assert sample.every(FORMATS[dtype]).view(np.uint16).tolist() == [*range(65536)]


def wrong_gelu() -> Report:
    return check(silent(NAIVE["1 + erf"][0]), "gelu")


def test_a_report_has_every_figure_and_is_json() -> None:
    report = wrong_gelu()
    figures = report.as_dict()
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["ok"] is False and figures["reference"] == "gelu" and figures["order"] == 0
    assert figures["dtype"] == "float32" and figures["bound"] == 4.0 and figures["exhaustive"] is False
    assert (
        figures["max_ulp"] > figures["p999_ulp"] > figures["mean_ulp"] > 0 or figures["p999_ulp"] == figures["max_ulp"]
    )
    assert 0 < figures["share_correctly_rounded"] < 1
    worst = figures["worst"]
    assert -6 < worst["x"] < -5 and float.fromhex(worst["x_hex"]) == worst["x"]
    exact = float(actfn.gelu(worst["x"]))
    assert worst["exact"] == pytest.approx(exact, rel=1e-6) and worst["got"] != worst["exact"]
    low, high, low_hex, high_hex = figures["first_bad_interval"]
    assert low <= high < 0 and float.fromhex(low_hex) == low and float.fromhex(high_hex) == high
    assert set(figures["faults"]) == set(KINDS) - {"kinks"}


def test_a_report_of_nothing_but_nan() -> None:
    report = check(lambda x: x * math.nan, "relu", dtype="float16")
    assert not report.ok and "wrong nan" in report.sentence()
    # All but the 2 * 1023 that are NaN.
    assert report.faults["wrong_nan"] == 65536 - 2 * 1023
    assert report.worst is None and report.as_dict()["worst"] is None


def test_a_good_report_in_one_sentence() -> None:
    report = check(actfn.silu, "silu", dtype="float16", max_ulp=0.501)
    assert report.sentence().startswith("actfn.silu as silu, order 0, float16: at most 0.5 ULP, within 0.501")
    assert report.tally.share_correct > 0.9999


def test_the_same_seed_gives_the_same_report() -> None:
    first, again, other = (check(actfn.tanh, "tanh", seed=seed).tally.state() for seed in (1, 1, 2))
    assert first == again and first != other


def test_assertions_pass_what_is_right() -> None:
    assert actfn.testing.assert_accurate(actfn.mish, "mish", max_ulp=1, each=8) is None
    assert actfn.testing.assert_gradient(actfn.selu, actfn.selu.gradient, "selu", max_ulp=1, each=8) is None


def test_assertions_show_the_worst_x() -> None:
    with pytest.raises(AssertionError) as caught:
        actfn.testing.assert_accurate(silent(NAIVE["1 + erf"][0]), "gelu", max_ulp=2, each=8)
    shown = float(str(caught.value).split("x = ")[1].split(" ")[0])
    assert -6 < shown < -5 and shown.hex() in str(caught.value) and "gelu" in str(caught.value)

    def slope(x: Array) -> Array:
        s = logistic(x)
        return s - (1 - s)

    with pytest.raises(AssertionError) as caught:
        actfn.testing.assert_gradient(actfn.sigmoid, silent(slope), "sigmoid", each=8)
    assert "order 1" in str(caught.value) and "x = " in str(caught.value)
    with pytest.raises(AssertionError, match="order 0.*x = "):
        actfn.testing.assert_gradient(silent(slope), actfn.sigmoid.gradient, "sigmoid", each=8)
    with pytest.raises(AssertionError, match=r"order 1.*x = -?0\.0 \(-?0x0\.0p\+0\), where it gives 1\.5"):
        actfn.testing.assert_gradient(actfn.relu, relu_slope(1.5), "relu", max_ulp=0.25, each=8)
    assert actfn.testing.assert_gradient(actfn.relu, relu_slope(0.5), "relu", max_ulp=0.25, each=8) is None


@pytest.mark.parametrize("name", ["silu", "swish", "gelu", "gelu_tanh"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_of_an_odd_subnormal_number_is_rounded_by_what_is_beside_it(name: str, dtype: str) -> None:
    # x / 2 + c x^2: above the middle of two numbers right of 0, and nearer to 0 left of it.
    odd = np.arange(1, 64, 2)
    positive = odd.astype(np.uint16).view(FORMATS[dtype].dtype)
    assert actfn.get(name)(positive).view(np.uint16).tolist() == ((odd + 1) // 2).tolist()
    assert (-actfn.get(name)(-positive)).view(np.uint16).tolist() == ((odd - 1) // 2).tolist()


def comparison(seed: int, count: int = 5000) -> tuple[Array, Array, Array, Array]:
    """Return points, results, exact values and errors of every size."""
    rng = np.random.default_rng(seed)
    x = np.ldexp(1 + rng.random(count), rng.integers(-140, 120, count)) * rng.choice([-1.0, 1.0], count)
    errors = np.where(rng.random(count) < 0.1, 0.0, 2.0 ** rng.uniform(-14, 30, count))
    exact = rng.normal(size=count)
    return x, exact + 1e-3 * errors, exact, errors


def summary(parts: tuple[Array, ...], bound: float, kinds: bool = True) -> Tally:
    tally = Tally(FORMATS["float32"])
    if kinds:
        add_faults(tally, parts)
    tally.add(*parts, bound=bound)
    return tally


def add_faults(tally: Tally, parts: tuple[Array, ...]) -> None:
    for i, kind in enumerate(KINDS):
        tally.add_faults(parts[0], kind, parts[3] > 2.0**i)


def same(one: Tally, other: Tally) -> bool:
    """Tell whether two summaries agree: sums up to their rounding, everything else exactly."""
    a, b = one.state(), other.state()
    # Later intervals depend on where the chunks end; the first does not.
    del a["runs"], b["runs"]
    return math.isclose(a.pop("total"), b.pop("total"), rel_tol=1e-12) and a == b and one.bad == other.bad


@pytest.mark.parametrize("chunks", [2, 7, 50])
def test_merged_chunks_are_one_pass(chunks: int) -> None:
    parts = comparison(1)
    order = np.argsort(parts[0])
    parts = tuple(part[order] for part in parts)
    whole = summary(parts, bound=2.0**29.9)
    merged = Tally(FORMATS["float32"])
    for pieces in zip(*(np.array_split(part, chunks) for part in parts)):
        merged.merge(summary(pieces, bound=2.0**29.9))
    assert same(merged, whole)
    assert merged.worst == parts[3].max() and merged.count == 5000 and merged.where is not None
    assert merged.where[0] == parts[0][parts[3].argmax()]
    added = Tally(FORMATS["float32"])
    for pieces in zip(*(np.array_split(part, chunks) for part in parts)):
        add_faults(added, pieces)
        added.add(*pieces, bound=2.0**29.9)
    assert same(added, whole)
    empty = Tally(FORMATS["float32"])
    merged.merge(empty)
    assert same(merged, whole)


def test_the_first_bad_interval() -> None:
    x = np.array([5.0, -1.0, 3.0, 1.0, 4.0, 2.0])
    for bad, interval in (([3, 4, 5], (3, 5)), ([1, 2, 4], (1, 2)), ([2], (2, 2)), ([-1, 5], (-1, -1)), ([], None)):
        assert summary((x, x, x, np.where(np.isin(x, bad), 9.0, 0.0)), bound=4, kinds=False).bad == interval


def test_the_first_bad_interval_goes_on_over_the_ends_of_chunks() -> None:
    bits = np.arange(0x40000000, 0x40000000 + 4096, dtype=np.uint32)
    x = bits.view(np.float32).astype(np.float64)
    errors = np.where((np.arange(4096) >= 700) & (np.arange(4096) < 3000), 9.0, 0.0)
    tally = Tally(FORMATS["float32"])
    for start in (1024, 3072, 0, 2048):
        part = slice(start, start + 1024)
        tally.add(x[part], x[part], x[part], errors[part], bound=4)
    assert tally.bad == (x[700], x[2999])


def test_the_first_place_of_a_fault_is_kept() -> None:
    tally = Tally(FORMATS["float64"])
    for x in (np.array([np.nan, 3.0, 2.0]), np.array([5.0, 1.0, 0.5]), np.array([np.nan])):
        tally.add_faults(x, "wrong_nan", ~(x < 1))
    assert tally.first == {"wrong_nan": 1.0} and tally.kinds["wrong_nan"] == 6


def test_a_parameter_that_has_no_default_must_be_given() -> None:
    with pytest.raises(ValueError, match=r"prelu needs a value of alpha: write 'prelu\(alpha=0.25\)'"):
        actfn.check(np.abs, "prelu")


def test_a_state_goes_through_json_and_back() -> None:
    tally = summary(comparison(2), bound=8)
    state = json.loads(json.dumps(tally.state(), allow_nan=False))
    restored = Tally.restored(FORMATS["float32"], state)
    assert restored.state() == tally.state()
    assert [part.tolist() for part in restored.profile()] == [part.tolist() for part in tally.profile()]
    more = comparison(3)
    for one in (tally, restored):
        one.merge(summary(more, bound=8))
    assert restored.state() == tally.state()
    empty = Tally(FORMATS["float32"])
    assert Tally.restored(FORMATS["float32"], json.loads(json.dumps(empty.state()))).state() == empty.state()


def test_a_state_does_not_change_afterwards() -> None:
    tally = summary(comparison(2), bound=8)
    state = tally.state()
    kept = json.dumps(state)
    tally.merge(summary(comparison(3), bound=8))
    assert json.dumps(state) == kept


@pytest.mark.parametrize("seed", range(3))
def test_percentiles_against_numpy(seed: int) -> None:
    parts = comparison(seed)
    tally, errors = summary(parts, bound=8), parts[3]
    for share in (0.2, 0.5, 0.9, 0.99, 0.999, 1.0):
        exact = np.quantile(errors, share, method="inverted_cdf")
        # A quarter of a binade is a quarter of its lowest number.
        assert exact <= tally.percentile(share) <= max(exact * (1 + 1 / PER_OCTAVE), 2.0**LOWEST)
    assert tally.percentile(0.05) <= 2.0**LOWEST and tally.percentile(1.0) == errors.max()
    assert tally.mean == pytest.approx(errors.mean(), rel=1e-12)
    assert tally.share_correct == np.mean(errors <= 0.5)
    assert math.isnan(Tally(FORMATS["float32"]).mean) and Tally(FORMATS["float32"]).percentile(0.5) == 0
    enormous = summary((np.ones(1), np.ones(1), np.ones(1), np.array([2.0 ** (HIGHEST + 9)])), bound=8, kinds=False)
    assert enormous.percentile(1.0) >= 2.0**HIGHEST


def test_a_profile_is_in_the_order_of_x() -> None:
    x, got, exact, errors = comparison(4)
    places, largest = summary((x, got, exact, errors), bound=8).profile()
    assert (np.diff(places) > 0).all() and len(places) == len(largest) > 3000
    # Each place stands for a sixteenth of a binade.
    for at, error in [*zip(places, largest)][::97]:
        low, high = sorted((at, at + math.copysign(2.0 ** (math.frexp(at)[1] - 5), at)))
        inside = (x >= low) & (x < high) if at > 0 else (x > low) & (x <= high)
        assert errors[inside].max() == pytest.approx(error, rel=1e-6)
