"""Golden vectors: rounded correctly by an independent computation, the same every time, and read back bit for bit."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from reference import COMMON

import actfn
from actfn import catalogue, formula
from actfn.accuracy.formats import FORMATS, Format
from actfn.accuracy.golden import Golden, golden

ELEMENTWISE = [name for name in COMMON if actfn.get(name).kind == "elementwise"]


def rounded(exact: Fraction, form: Format) -> float:
    """Round a fraction to a format, ties to even."""
    if exact == 0:
        return 0.0
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= Fraction(2) ** exponent > size
    unit = Fraction(2) ** max(exponent - form.digits + 1, form.smallest_exponent)
    value = round(size / unit) * unit
    result = float("inf") if value >= Fraction(2) ** (form.largest_exponent + 1) else float(value)
    return result if exact > 0 else -result


def fraction(exact: mpmath.mpf) -> Fraction:
    sign, mantissa, exponent, bits = exact._mpf_
    if mantissa and exponent + bits < -1200:  # nothing beside the smallest number of any format
        return Fraction(-1 if sign else 1, 2**1200)
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** exponent


def truth(vectors: Golden, name: str, x: float, bits: int = 1400) -> Fraction:
    if name == "hard_sigmoid":  # a sixth has no end in binary, so that ties are seen with fractions alone
        inside, line = abs(x) < 3, Fraction(x) / 6 + Fraction(1, 2)
        return (min(max(line, Fraction(0)), Fraction(1)), Fraction(inside, 6), Fraction(0))[vectors.order]
    declaration = catalogue.find(name)
    return fraction(formula.evaluate(declaration, x, vectors.parameters, order=vectors.order, bits=bits))


def places_of_choice(name: str, order: int) -> list[float]:
    function = actfn.get(name)
    if function.parameters and any(p.default is None for p in function.parameters.values()):
        function = function.with_parameters(alpha=0.25)
    corner = order == 2 and "smooth" not in function.tags
    return [*(kink.x for kink in function.kinks if order), *([0.0] if corner else [])]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_results_are_correctly_rounded(name: str, dtype: str) -> None:
    form = FORMATS[dtype]
    for order in (0, 1, 2):
        vectors = golden(name, order=order, dtype=dtype, count=160)
        x, y = vectors.x.astype(np.float64), vectors.y.astype(np.float64)
        ordinary = np.isfinite(x) & ~np.isin(x, places_of_choice(name, order))
        assert ordinary.sum() > 140
        for point, result in zip(x[ordinary].tolist(), y[ordinary].tolist()):
            expected = rounded(truth(vectors, name, point), form)
            assert result == expected, f"{name}, order {order}, {dtype} at {point!r}: {result!r} for {expected!r}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "mish", "sigmoid", "hard_sigmoid"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_results_next_to_the_middle_of_two_numbers_are_rounded_correctly(name: str, dtype: str) -> None:
    form = FORMATS[dtype]
    for order in (0, 2):
        vectors = golden(name, order=order, dtype=dtype, count=3000 if dtype == "float64" else None)
        with np.errstate(invalid="ignore"):
            x, y = vectors.x.astype(np.float64), vectors.y.astype(np.float64)
        unit = form.unit(y.copy())
        tiny = (x != 0) & (np.abs(x) < np.ldexp(128.0, form.smallest_exponent)) | (unit == 0)
        assert tiny.any()
        # What tells the second derivative of the smallest numbers from the middle is their cube.
        bits = 4500 if dtype == "float64" else 1400
        for point, result in zip(x[tiny].tolist(), y[tiny].tolist()):
            assert result == rounded(truth(vectors, name, point, bits), form), f"{name}, order {order} at {point!r}"


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_limits_signs_of_zero_nan_and_choices_are_those_of_the_function(name: str, dtype: str) -> None:
    for order in (0, 1, 2):
        vectors = golden(name, order=order, dtype=dtype, count=160)
        special = ~np.isfinite(vectors.x) | np.isin(vectors.x.astype(np.float64), [0.0, *places_of_choice(name, order)])
        assert special.sum() >= 5
        x, y = vectors.x[special], vectors.y[special]
        function = actfn.get(name).with_parameters(**vectors.parameters)
        expected = np.asarray(function.derivative(x, order=order))
        same = (y.view(f"u{y.itemsize}") == expected.view(f"u{y.itemsize}")) | np.isnan(y) & np.isnan(expected)
        assert same.all(), f"{name}, order {order}, {dtype}: {x[~same]} gave {y[~same]} for {expected[~same]}"


def test_the_declared_choice_is_there_at_a_kink() -> None:
    vectors = golden("hard_sigmoid", order=1, dtype="float32", count=200)
    assert vectors.y[np.abs(vectors.x) == 3].tolist() == [0.0, 0.0]
    beside = np.nextafter(np.float32(3), np.float32(0))
    assert float(vectors.y[vectors.x == beside][0]) == np.float32(1) / np.float32(6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_narrow_format_has_all_its_inputs(dtype: str) -> None:
    x_bits, _ = golden("relu", dtype=dtype).bits()
    assert np.array_equal(x_bits, np.arange(65536))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_are_distinct_and_in_every_binade_of_both_signs(dtype: str) -> None:
    form, vectors = FORMATS[dtype], golden("relu", dtype=dtype)
    bits, _ = vectors.bits()
    assert len(bits) == 10_000
    assert np.all(np.diff(bits.astype(object)) > 0)
    assert np.isnan(vectors.x).sum() == 1
    finite = vectors.x[np.isfinite(vectors.x) & (vectors.x != 0)].astype(np.float64)
    exponents = np.frexp(finite)[1] - 1
    for sign in (-1, 1):
        assert set(exponents[np.sign(finite) == sign]) == set(range(form.smallest_exponent, form.largest_exponent + 1))
    for value in (0.0, -0.0, np.inf, -np.inf, 1.0, np.finfo(dtype).max, np.finfo(dtype).tiny):
        assert value in vectors.x


@pytest.mark.parametrize(
    ("dtype", "count"), [("float16", 100), ("bfloat16", 65536), ("float32", 20_001), ("float64", 23)]
)
def test_a_count_is_kept(dtype: str, count: int) -> None:
    vectors = golden("tanh", dtype=dtype, count=count)
    assert len(vectors.x) == len(np.unique(vectors.bits()[0])) == count


def test_a_seed_repeats_and_another_differs() -> None:
    first, again, other = (golden("tanh", count=500, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.bits(), again.bits())
    assert not np.array_equal(first.bits()[0], other.bits()[0])


def test_parameters_are_used_and_kept() -> None:
    one, other = (
        golden("leaky_relu(negative_slope=0.25)", count=50),
        golden("leaky_relu", count=50, negative_slope=0.25),
    )
    assert np.array_equal(one.bits(), other.bits())
    assert one.header["reference"] == "leaky_relu(negative_slope=0.25)"
    assert one.header["parameters"] == {"negative_slope": 0.25}
    assert float(one.y[one.x == -1][0]) == -0.25


@pytest.mark.parametrize(
    ("arguments", "options", "part"),
    [
        (["softmax"], {}, "not elementwise"),
        (["gleu"], {}, "gelu"),
        (["gelu"], {"order": 3}, "order"),
        (["gelu"], {"dtype": "int8"}, "int8"),
        (["gelu"], {"count": 0}, "count"),
        (["gelu"], {"count": 10**9}, "1000000"),
        (["gelu"], {"count": 65537, "dtype": "float16"}, "65536"),
    ],
)
def test_bad_input_is_a_value_error(arguments: list[str], options: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        golden(*arguments, **options)


def text_rows(path: Path) -> tuple[dict[str, Any], list[list[str]]]:
    """Read a text form with nothing but what any language has."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        header = json.loads(text)
        assert header["columns"] == ["x_bits", "x_hex", "x", "y_bits", "y_hex", "y"]
        return header, header.pop("vectors")
    first, *lines = text.splitlines()
    columns, *rows = csv.reader(lines)
    assert columns == ["x_bits", "x_hex", "x", "y_bits", "y_hex", "y"]
    return json.loads(first.removeprefix("# ")), rows


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_the_text_forms_are_read_back_bit_for_bit(suffix: str, dtype: str, tmp_path: Path) -> None:
    vectors = golden("gelu", order=1, dtype=dtype, count=2000)
    path = tmp_path / f"g{suffix}"
    vectors.write(path)
    header, rows = text_rows(path)
    assert {key: header[key] for key in vectors.header} == vectors.header
    assert (header["version"], header["actfn"], header["count"]) == (1, actfn.info()["version"], len(rows))
    form = FORMATS[dtype]
    for column, array in ((0, vectors.x), (3, vectors.y)):
        bits = np.array([int(row[column], 16) for row in rows], form.bits)
        assert np.array_equal(bits, array.view(form.bits))
        assert {len(row[column]) for row in rows} == {2 + 2 * form.dtype.itemsize}
        with np.errstate(invalid="ignore"):
            number = ~np.isnan(array)
        for read, place in ((float.fromhex, 1), (float, 2)):
            again = np.array([read(row[column + place]) for row in rows]).astype(form.dtype)
            assert np.array_equal(again[number].view(form.bits), array[number].view(form.bits))
            assert np.isnan(again[~number]).all()


@pytest.mark.parametrize("dtype", FORMATS)
def test_the_npz_form_is_read_back_bit_for_bit(dtype: str, tmp_path: Path) -> None:
    vectors = golden("mish", dtype=dtype, count=2000)
    vectors.write(tmp_path / "g.npz")
    with np.load(tmp_path / "g.npz", allow_pickle=False) as file:
        assert json.loads(str(file["header"])) == vectors.header
        for name, array in (("x", vectors.x), ("y", vectors.y)):
            assert np.array_equal(file[f"{name}_bits"], array.view(FORMATS[dtype].bits))
            assert file[name].dtype == (np.float32 if dtype == "bfloat16" else array.dtype)
            with np.errstate(invalid="ignore"):
                assert np.array_equal(file[name].astype(np.float64), array.astype(np.float64), equal_nan=True)


@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv"])
def test_the_same_vectors_give_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        golden("elu", count=300).write(tmp_path / (name + suffix))
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="g.txt"):
        golden("relu", count=50).write(tmp_path / "g.txt")
    assert list(tmp_path.iterdir()) == []
