"""Where textbook code goes wrong, and that it is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference import COMMON

import actfn
from actfn.textbook import FORMATS, textbook, view

NAMES = [name for name in COMMON if actfn.get(name).kind == "elementwise"]
SOUND = ["identity", "relu", "leaky_relu", "prelu", "hard_sigmoid"]


def kinds(name: str, order: int = 0, low: float = -120.0, high: float = 120.0, dtype: str = "float32") -> list[str]:
    return [fault.kind for fault in textbook(actfn.get(name), dtype, order, low, high).faults]


def test_the_code_is_the_formula_in_the_format() -> None:
    code = textbook(actfn.softplus, "float32", 0, -50, 100)
    x = code.x.astype(np.float32)
    with np.errstate(over="ignore"):
        expected = np.log(np.float32(1) + np.exp(x))
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(code.y, expected)
    np.testing.assert_array_equal(code.right, actfn.softplus(x))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_one_of_the_format(name: str, order: int, dtype: str) -> None:
    code = textbook(actfn.get(name), dtype, order, -8, 8)
    for values in (code.x, code.y, code.right):
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(values.astype(dtype).astype(np.float64), values)


@pytest.mark.parametrize(
    ("name", "order", "dtype", "kind", "end"),
    [
        ("softplus", 0, "float32", "overflow", math.log(np.finfo(np.float32).max)),
        ("softplus", 0, "float16", "overflow", math.log(65520)),
        ("softplus", 0, "float64", "overflow", math.log(np.finfo(np.float64).max)),
        ("softplus", 1, "float32", "nan", math.log(np.finfo(np.float32).max)),
        ("softmax", 0, "float32", "nan", math.log(np.finfo(np.float32).max)),
    ],
)
def test_an_overflow_is_found_where_the_exponential_ends(
    name: str, order: int, dtype: str, kind: str, end: float
) -> None:
    faults = textbook(actfn.get(name), dtype, order, 0, 800).faults
    (found,) = (fault for fault in faults if fault.kind == kind)
    assert found.low == pytest.approx(end, rel=1e-3 if dtype == "float16" else 1e-6)
    assert found.high == 800


def test_a_sum_with_1_loses_small_terms() -> None:
    faults = textbook(actfn.softplus, "float32", 0, -50, 0).faults
    assert [fault.kind for fault in faults] == ["zero", "cancellation"]
    # Half a unit of 1 in the last place is 2^-24, and is rounded to even.
    assert faults[0].high == faults[1].low == pytest.approx(-24 * math.log(2), abs=1e-5)
    assert -12 < faults[1].high < -8


def test_known_faults_are_named() -> None:
    assert kinds("tanh", 1) == ["zero", "cancellation", "cancellation", "zero"]
    assert kinds("gelu") == ["zero", "cancellation"]
    assert kinds("elu", low=-6, high=6) == ["cancellation"]
    assert kinds("sigmoid", 1) == ["nan", "zero"]
    assert kinds("log_softmax", low=0) == ["cancellation", "zero", "overflow"]
    for name in SOUND:
        assert [kinds(name, order) for order in (0, 1, 2)] == [[], [], []], name


def test_digits_are_those_of_the_relative_error() -> None:
    code = textbook(actfn.softplus, "float32", 0, -20, 100)
    digits = code.digits()
    full = -math.log10(np.finfo(np.float32).eps / 2)
    assert digits.max() == pytest.approx(full) and digits.min() == 0
    assert np.median(digits[(code.x > -15.5) & (code.x < -13)]) < 2
    assert np.all(digits[~np.isfinite(code.y)] == 0)
    at = int(np.argmin(np.abs(code.x + 8)))
    error = abs(code.y[at] / math.log1p(math.exp(code.x[at])) - 1)
    assert digits[at] == pytest.approx(-math.log10(error), abs=0.1)


def test_the_view_holds_where_faults_begin() -> None:
    wide = textbook(actfn.softplus, "float32", 0, -120, 120)
    low, high = view(wide.faults, "float32")
    assert -120 < low < -95 and 88.8 < high < 120
    assert view((), "float64") == (-6, 6)


def test_a_parameter_changes_where() -> None:
    (fault,) = (f for f in textbook(actfn.softplus, "float32", 0, 0, 100, beta=2.0).faults if f.kind == "overflow")
    assert fault.low == pytest.approx(math.log(np.finfo(np.float32).max) / 2, rel=1e-6)


def test_words_say_what_and_where() -> None:
    code = textbook(actfn.softplus, "float32", 0, -50, 100)
    assert [code.told(fault) for fault in code.faults] == [
        "0 instead of its value for x < −16.64",
        f"cancels: most digits wrong for −16.64 < x < {code.faults[1].high:.4g}".replace("-", "−"),
        "infinite for x > 88.72",
    ]
    spoilt = textbook(actfn.elu, "float32", 0, -6, 6)
    told = spoilt.told(spoilt.faults[0])
    assert told.startswith("cancels: most digits wrong for −") and told.endswith(" × 10⁻⁵ < x < 0")
    assert code.told(code.faults[2], "zh") == "x > 88.72 时溢出为无穷"


@pytest.mark.parametrize("dtype", ["float8", "int32", 3, "longdouble"])
def test_other_formats_are_refused(dtype: object) -> None:
    with pytest.raises(ValueError, match=r"float16, float32, float64"):
        textbook(actfn.elu, dtype)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "order"), [("softmax", 1), ("maxout", 0)])
def test_rows_have_a_value_only_and_groups_nothing(name: str, order: int) -> None:
    with pytest.raises(ValueError, match=f"{name} has no textbook"):
        textbook(actfn.get(name), order=order)
