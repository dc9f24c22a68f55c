"""The committed tables of errors: complete, within the bounds, and still true."""

from __future__ import annotations

import pytest

import actfn
from actfn.accuracy import check, tables
from actfn.accuracy.check import own

ROWS = tables.read()
FUNCTIONS = {function.name: function for function in tables.functions()}
HERE = str(actfn.info()["instruction_set"])


def test_every_function_order_dtype_and_instruction_set_has_its_row() -> None:
    wanted = {
        (name, order, dtype, instruction_set)
        for name in FUNCTIONS
        for order in (0, 1, 2)
        for dtype in tables.BOUNDS
        for instruction_set in tables.INSTRUCTION_SETS
    }
    assert {*ROWS} == wanted


@pytest.mark.parametrize("dtype", tables.BOUNDS)
def test_every_error_is_within_its_bound(dtype: str) -> None:
    over = {
        key: row["max_ulp"]
        for key, row in ROWS.items()
        if key[2] == dtype and float(row["max_ulp"]) > tables.BOUNDS[dtype]
    }
    assert over == {}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", tables.BOUNDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_sampled_error_is_above_the_table(name: str, dtype: str) -> None:
    function = FUNCTIONS[name]
    each = {"float32": 64, "float64": 1}.get(dtype)
    for order in (0, 1, 2):
        known = ROWS[name, order, dtype, HERE]
        report = check(own(function, order), function, order=order, dtype=dtype, max_ulp=99, each=each)
        # The table has four decimals.
        assert report.max_ulp <= float(known["max_ulp"]) + 5e-5, f"order {order}: {report.sentence()}"
        assert not any(report.faults.values()), report.sentence()


@pytest.mark.parametrize("dtype", tables.BOUNDS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_bit_of_a_result_has_changed_since_the_table_was_made(name: str, dtype: str) -> None:
    for order in (0, 1, 2):
        assert tables.results(FUNCTIONS[name], order, dtype) == ROWS[name, order, dtype, HERE]["results"], order


def test_float32_is_measured_on_all_numbers_and_float64_on_a_million() -> None:
    least = {"float16": 2**16, "bfloat16": 2**16, "float32": 2**32, "float64": 10**6}
    few = {key: row["points"] for key, row in ROWS.items() if int(row["points"]) < least[key[2]]}
    assert few == {}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_worst_place_of_the_table_is_as_bad_as_it_says(name: str) -> None:
    import numpy as np

    from actfn.accuracy.formats import FORMATS
    from actfn.accuracy.judge import Judge
    from actfn.accuracy.tally import Tally

    for dtype in tables.BOUNDS:
        for order in (0, 1, 2):
            row = ROWS[name, order, dtype, HERE]
            form, function = FORMATS[dtype], FUNCTIONS[name]
            x = np.array([float.fromhex(row["x_hex"])]).astype(form.dtype)
            tally = Tally(form)
            Judge(function, order, form).add(tally, x, own(function, order)(x), 99.0)
            assert abs(tally.worst - float(row["max_ulp"])) <= 6e-5, (dtype, order, row)
