"""The table of docs/wrong.md: some of its rows, computed again by the framework, by actfn and from the formula."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from oracle import ulps

import actfn
from actfn import catalogue, formula
from actfn.accuracy.formats import FORMATS
from actfn.accuracy.frameworks import caller
from actfn.frameworks.installed import own_function

PAGE = Path(__file__).parent.parent / "docs" / "wrong.md"
FLOAT32 = np.dtype(np.float32)
LIBRARIES = {"PyTorch": "torch", "JAX": "jax"}
ROWS = {
    (cells[0], framework): [float(cell) for cell in cells[2:6]]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| function")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    for framework in cells[1].split(", ")
}
SOME = [
    ("gelu", "PyTorch"),
    ("hard_swish", "PyTorch"),
    ("log_ndtr′", "PyTorch"),
    ("mish′", "PyTorch"),
    ("sigmoid′", "JAX"),
    ("softsign′", "JAX"),
    ("squareplus′", "JAX"),
    ("tanh_shrink", "PyTorch"),
]


@pytest.mark.parametrize(("name", "framework"), SOME)
def test_a_row_is_what_framework_and_formula_give(name: str, framework: str) -> None:
    x, theirs, ours, exact = ROWS[name, framework]
    function, order = name.removesuffix("′"), int(name.endswith("′"))
    # Nine digits tell which number of float32 it is.
    x = float(np.float32(x))
    truth = formula.evaluate(
        catalogue.find(function),
        x,
        {name: p.default for name, p in actfn.get(function).parameters.items()},
        order=order,
    )
    assert exact == pytest.approx(float(truth), rel=1e-8)
    assert ulps(np.float32(ours), truth, FLOAT32) <= 1
    assert actfn.get(function).derivative(np.float32(x), order=order) == np.float32(ours)
    library = LIBRARIES[framework]
    call = caller(own_function(function, library), library, order, FORMATS["float32"])
    found = call(np.array([x], np.float32))[0]
    assert ulps(found, truth, FLOAT32) > 4
    # The instruction set of the machine decides about the last bits.
    assert found == pytest.approx(theirs, rel=0.5, nan_ok=True)


def test_no_row_is_wrong_about_ours() -> None:
    assert len(ROWS) > 100
    for (name, _), (_, theirs, ours, exact) in ROWS.items():
        assert (math.isnan(ours) and math.isnan(exact)) or ours == pytest.approx(exact, rel=2.0**-22), name
        assert theirs != exact, name
