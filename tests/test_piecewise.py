"""The tables of pieces are their functions: every polynomial, in exact arithmetic, next to the declared formula."""

from __future__ import annotations

import re
from pathlib import Path

import mpmath
import pytest

from actfn import formula
from actfn.functions import declared

SOURCE = Path(__file__).parent.parent / "src" / "actfn" / "core" / "piecewise_tables.hpp"
PIECES = 32

# For each table: the function, its order, what the table holds of it, and which pieces lie left of zero.
TABLES = {
    "sigmoid": ("sigmoid", 0, lambda f, a: f(-a), 0),
    "sigmoid_first": ("sigmoid", 1, lambda f, a: f(a), 0),
    "tanh": ("tanh", 0, lambda f, a: f(a), 0),
    "tanh_first": ("tanh", 1, lambda f, a: f(a), 0),
    "elu": ("elu", 0, lambda f, a: -f(-a), 0),
    "elu_first": ("elu", 1, lambda f, a: f(-a), 0),
    "selu": ("selu", 0, lambda f, a: -f(-a), 0),
    "selu_first": ("selu", 1, lambda f, a: f(-a), 0),
    "softplus": ("softplus", 0, lambda f, x: f(x), 13),
    "silu": ("silu", 0, lambda f, a: -f(-a), 0),
    "silu_first": ("silu", 1, lambda f, a: f(-a), 0),
    "gelu": ("gelu", 0, lambda f, a: -f(-a), 0),
    "gelu_first": ("gelu", 1, lambda f, a: f(-a), 0),
    "erf": ("erf", 0, lambda f, a: f(a), 0),
    "arctan": ("arctan", 0, lambda f, a: f(a), 0),
    "normal_tail": ("ndtr", 0, lambda f, a: f(-a), 0),
    "gelu_tanh": ("gelu_tanh", 0, lambda f, a: -f(-a), 0),
    "gelu_tanh_first": ("gelu_tanh", 1, lambda f, a: f(-a), 0),
    "mish": ("mish", 0, lambda f, x: f(x), 15),
    "mish_first": ("mish", 1, lambda f, x: f(x), 13),
}


def tables() -> dict[str, tuple[float, list[list[float]]]]:
    """Return the pieces in a unit and the rows of 32 numbers of each table in the source."""
    found = {}
    for name, body in re.findall(r"table<\d+> (\w+) = \{(.*?)\};", SOURCE.read_text(encoding="utf-8"), re.DOTALL):
        numbers = [float.fromhex(text) for text in re.findall(r"-?0x[0-9a-f.]+p[-+]\d+|-0\.0", body)]
        assert len(numbers) % PIECES == 1
        found[name] = numbers[0], [numbers[i : i + PIECES] for i in range(1, len(numbers), PIECES)]
    return found


FOUND = tables()


def test_every_table_is_known() -> None:
    assert FOUND.keys() == TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_pieces_are_the_function(name: str) -> None:
    function, order, held, left = TABLES[name]
    declaration = declared()[function]
    defaults = {parameter.name: float(parameter.default) for parameter in declaration.parameters.values()}

    def exact(x: mpmath.mpf) -> mpmath.mpf:
        return formula.evaluate(declaration, x, defaults, order=order, bits=300)

    per_unit, (centres, *rows) = FOUND[name]
    rooted = name in ("selu", "erf", "silu_first", "gelu_first", "gelu_tanh_first", "mish", "mish_first")
    late = [rows.pop(), rows.pop()] if rooted else [[0.0] * PIECES] * 2
    with mpmath.workdps(40):
        for k in range(-left, PIECES - left):
            centre = mpmath.mpf(centres[k % PIECES])
            assert abs(centre * per_unit - k) < 0.5
            coefficients = [mpmath.mpf(row[k % PIECES]) for row in rows]
            coefficients[0] += late[1][k % PIECES]
            coefficients[1] += late[0][k % PIECES]
            for step in range(-4, 5):
                x = (k + mpmath.mpf(step) / 8) / per_unit
                truth = held(exact, x)
                # Next to a root only numbers of float32 are right to the last place.
                if (x < 0 and not left) or abs(truth) < 1e-8:
                    continue
                unit = mpmath.mpf(2) ** (mpmath.frexp(truth)[1] - 24)
                error = abs(mpmath.polyval(coefficients[::-1], x - centre) - truth) / unit
                assert error < 0.5, f"piece {k} of {name} is {float(error)} units off at {float(x)}"


def test_powers_of_two() -> None:
    (body,) = re.findall(r"powers\[2\]\[32\] = \{(.*?)\};", SOURCE.read_text(encoding="utf-8"), re.DOTALL)
    numbers = [float.fromhex(text) for text in re.findall(r"-?0x[0-9a-f.]+p[-+]\d+|0\.0", body)]
    assert len(numbers) == 2 * PIECES
    for j, (high, low) in enumerate(zip(numbers[:PIECES], numbers[PIECES:])):
        assert abs(low) <= 2.0**-24
        assert abs(mpmath.mpf(high) + low - mpmath.mpf(2) ** (mpmath.mpf(j) / PIECES)) < 2.0**-48
