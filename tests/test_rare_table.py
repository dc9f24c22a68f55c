"""The committed errors of the functions that networks seldom use, on all float32 numbers: within the bound, and still true."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import actfn
from actfn import catalogue
from actfn.accuracy import tables
from actfn.accuracy.check import own
from actfn.accuracy.formats import FORMATS
from actfn.accuracy.judge import Judge
from actfn.accuracy.tally import Tally

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


@pytest.mark.parametrize(("name", "order"), [("relu6", 0), ("tanhexp", 0), ("log_ndtr", 1), ("sine", 1)])
def test_a_glance_finds_what_a_closer_look_does(name: str, order: int) -> None:
    function = actfn.get(name)
    judge, call = Judge(function, order, FORMATS["float32"]), own(function, order)
    x = np.concatenate([np.geomspace(1e-40, 1e38, 4001), -np.geomspace(1e-40, 200, 4001)]).astype(np.float32)
    right = call(x)
    off, lost = right.copy(), right.copy()
    off[5000] *= 1.0 + 2.0**-20
    lost[17], lost[4100], lost[3] = np.nan, -lost[4100], np.inf
    for results in (right, off, lost):
        closely, at_a_glance = Tally(judge.form), Tally(judge.form)
        judge.add(closely, x, results, 1.0)
        judge.add_at_a_glance(at_a_glance, x, results, 1.0)
        assert (at_a_glance.count, at_a_glance.kinds, at_a_glance.runs) == (closely.count, closely.kinds, closely.runs)
        assert at_a_glance.worst == (0.5 if 0.0 < closely.worst <= 0.5 + 1e-8 else closely.worst)
