"""The committed errors of the functions that networks seldom use, on all float32 numbers: within the bound, and still true."""

from __future__ import annotations

import csv

import pytest

import actfn
from actfn import catalogue
from actfn.accuracy import tables
from actfn.accuracy.check import own

PATH = tables.FOLDER / "rare" / "float32.csv"
ROWS = list(csv.DictReader(PATH.read_text(encoding="utf-8").splitlines()))


def test_every_row_is_of_all_numbers_and_within_the_bound() -> None:
    assert ROWS
    assert len({(row["function"], row["order"]) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert not catalogue.find(row["function"]).hot
        assert int(row["points"]) == 2**32, row
        assert float(row["max_ulp"]) <= tables.BOUNDS["float32"], row
        assert row["faults"] == "", row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['function']}-{row['order']}")
def test_no_sampled_error_is_above_the_table(row: dict[str, str]) -> None:
    function, order = actfn.get(row["function"]), int(row["order"])
    given = {name: p.example for name, p in function.parameters.items() if p.default is None}
    function = function.with_parameters(**given)
    report = actfn.check(own(function, order), function, order=order, each=16)
    assert report.max_ulp <= float(row["max_ulp"]) + 1e-4
