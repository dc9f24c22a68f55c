"""Write src/actfn/core/piecewise_tables.hpp: each function as 32 short polynomials in float32.

Piece k is used where round(x / step) is k, modulo 32. Its polynomial is one in x - centre, interpolated at Chebyshev nodes with 40
digits. The centre is looked for next to k * step, where the function and its slope are next to float32 numbers, so that rounding
the two leading coefficients costs nothing; the piece of a root is centred at the root, and
the step is chosen so that the root is next to the middle of its piece: outside it, a sum loses no more than one bit.

    python tools/piecewise.py [--check]
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import mpmath
from mpmath import mpf

mpmath.mp.dps = 40

TARGET = Path(__file__).parent.parent / "src" / "actfn" / "core" / "piecewise_tables.hpp"
PIECES = 32
Function = Callable[[mpf], mpf]


def logistic(x: mpf) -> mpf:
    return 1 / (1 + mpmath.exp(-x))


def normal_tail(a: mpf) -> mpf:
    return mpmath.erfc(a / mpmath.sqrt(2)) / 2


def normal_density(a: mpf) -> mpf:
    return mpmath.exp(-a * a / 2) / mpmath.sqrt(2 * mpmath.pi)


def approximate_gate(a: mpf) -> tuple[mpf, mpf]:
    """sigmoid(-2 u) for u = sqrt(2 / pi) (a + 0.044715 a^3), and the derivative of 2 u."""
    scale = 2 * mpmath.sqrt(2 / mpmath.pi)
    return logistic(-scale * (a + mpf("0.044715") * a**3)), scale * (1 + 3 * mpf("0.044715") * a * a)


def silu_first(a: mpf) -> mpf:
    return logistic(-a) * (1 - a * logistic(a))


def gelu_first(a: mpf) -> mpf:
    return normal_tail(a) - a * normal_density(a)


def gelu_tanh_first(a: mpf) -> mpf:
    gate, slope = approximate_gate(a)
    return gate - a * slope * gate * (1 - gate)


def mish_first(x: mpf) -> mpf:
    tanh = mpmath.tanh(mpmath.log1p(mpmath.exp(x)))
    return tanh + x * (1 - tanh**2) * logistic(x)


SILU_ROOT = mpmath.findroot(silu_first, mpf("1.278"))
GELU_ROOT = mpmath.findroot(gelu_first, mpf("0.7518"))
GELU_TANH_ROOT = mpmath.findroot(gelu_tanh_first, mpf("0.7525"))
MISH_ROOT = mpmath.findroot(mish_first, mpf("-1.1924"))
SELU_SCALE = mpf("1.0507009873554804934193349852946")
SELU_LEFT = SELU_SCALE * mpf("1.6732632423543772848170429916717")


class Table(NamedTuple):
    """A function on [first * step - step / 2, (first + 31) * step + step / 2]."""

    meaning: str
    function: Function
    step: mpf
    degree: int
    first: int = 0
    root: mpf | None = None


TABLES = {
    "sigmoid": Table("sigmoid(-a)", lambda a: logistic(-a), mpf(9) / 16, 6),
    "sigmoid_first": Table("sigmoid'(a)", lambda a: logistic(a) * logistic(-a), mpf(9) / 16, 6),
    "tanh": Table("tanh(a)", mpmath.tanh, mpf(19) / 64, 6),
    "tanh_first": Table("tanh'(a)", lambda a: mpmath.sech(a) ** 2, mpf(19) / 64, 6),
    "elu": Table("-elu(-a)", lambda a: -mpmath.expm1(-a), mpf(9) / 16, 6),
    "elu_first": Table("elu'(-a)", lambda a: mpmath.exp(-a), mpf(9) / 16, 6),
    "selu": Table("-selu(-a)", lambda a: -SELU_LEFT * mpmath.expm1(-a), mpf(9) / 16, 6, root=mpf(0)),
    "selu_first": Table("selu'(-a)", lambda a: SELU_LEFT * mpmath.exp(-a), mpf(9) / 16, 6),
    "softplus": Table("softplus(x)", lambda x: mpmath.log1p(mpmath.exp(x)), mpf(1), 8, first=-13),
    "silu": Table("-silu(-a)", lambda a: a * logistic(-a), mpf(9) / 16, 7),
    "silu_first": Table("silu'(-a)", silu_first, SILU_ROOT / 2, 8, root=SILU_ROOT),
    "gelu": Table("-gelu(-a)", lambda a: a * normal_tail(a), mpf(3) / 16, 7),
    "gelu_first": Table("gelu'(-a)", gelu_first, GELU_ROOT / 4, 7, root=GELU_ROOT),
    "erf": Table("erf(a)", mpmath.erf, mpf(1) / 8, 7, root=mpf(0)),
    "arctan": Table("arctan(a)", mpmath.atan, mpf(1) / 31, 5),
    "normal_tail": Table("ndtr(-a)", normal_tail, mpf(3) / 16, 7),
    "gelu_tanh": Table("-gelu_tanh(-a)", lambda a: a * approximate_gate(a)[0], mpf(21) / 128, 7),
    "gelu_tanh_first": Table("gelu_tanh'(-a)", gelu_tanh_first, GELU_TANH_ROOT / 4, 8, root=GELU_TANH_ROOT),
    "mish": Table(
        "mish(x)", lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), mpf(9) / 16, 7, first=-15, root=mpf(0)
    ),
    "mish_first": Table("mish'(x)", mish_first, -MISH_ROOT * 25 / 52, 8, first=-13, root=MISH_ROOT),
}


def single(number: mpf) -> mpf:
    """Round to float32."""
    return mpf(struct.unpack("f", struct.pack("f", float(number)))[0])


def spacing(number: mpf) -> mpf:
    """Return the unit in the last place of float32."""
    return mpf(2) ** (mpmath.frexp(number)[1] - 24)


def ends(table: Table, k: int) -> tuple[mpf, mpf]:
    return ((k - mpf("0.5")) * table.step if table.first or k else mpf(0)), (k + mpf("0.5")) * table.step


def misfit(table: Table, k: int, x: mpf) -> mpf:
    """Return what rounding the value and the slope at a centre costs a result, in units of its last place.

    A longer way to an end of the piece costs something too, and where the line through the centre falls below half of its value, what the sum of its terms loses is not a number of float32.
    """
    value, slope = table.function(x), mpmath.diff(table.function, x)
    error = abs(value - single(value)) + abs(slope - single(slope)) * table.step / 2
    least = min((value + slope * (end - x)) / value for end in ends(table, k)) if value else mpf(1)
    cost = error / max(spacing(value), spacing(slope) * table.step / 4)
    return cost + abs(x / table.step - k) + max(mpf("0.5") - least, 0) * 100


def has_root(table: Table, k: int) -> bool:
    return table.root is not None and mpmath.nint(table.root / table.step) == k


def candidates(table: Table, k: int) -> Iterator[mpf]:
    """Yield numbers of float32 for the centre of a piece, the nearest first."""
    middle, grain = single(k * table.step), table.step / 2**13
    if has_root(table, k):
        yield single(table.root)
        return
    yield middle
    for j in range(1, 2500):
        yield single(middle + j * grain)
        yield single(middle - j * grain)


def centre(table: Table, k: int) -> mpf:
    """Return where the function and its slope are next to numbers of float32."""
    if k == 0 and (table.function(mpf(0)) == 0 or misfit(table, k, mpf(0)) < mpf(1) / 8):
        return mpf(0)
    least, chosen = mpf("inf"), mpf(0)
    for candidate in candidates(table, k):
        found = misfit(table, k, candidate)
        if found < least:
            least, chosen = found, candidate
        if least < mpf(1) / 24:
            break
    return chosen


def quotient(function: Function, middle: mpf, distance: mpf) -> mpf:
    """Return how much the function rises from the centre, divided by the distance."""
    if distance == 0:
        return mpmath.diff(function, middle)
    return (function(middle + distance) - function(middle)) / distance


class Piece(NamedTuple):
    """A centre and coefficients, lowest first, all of them numbers of float32."""

    centre: mpf
    coefficients: list[mpf]
    late_constant: mpf = mpf(0)
    late_slope: mpf = mpf(0)


def piece(table: Table, k: int) -> Piece:
    middle = centre(table, k)
    low, high = (end - middle for end in ends(table, k))
    count = table.degree
    nodes = [(low + high) / 2 + (high - low) / 2 * mpmath.cospi((j + mpf("0.5")) / count) for j in range(count)]
    matrix = mpmath.matrix([[node**power for power in range(count)] for node in nodes])
    values = mpmath.matrix([quotient(table.function, middle, node) for node in nodes])
    exact = [table.function(middle), *mpmath.lu_solve(matrix, values)]
    rounded = [single(coefficient) for coefficient in exact]
    if not has_root(table, k):
        return Piece(middle, rounded)
    # What the root's distance from float32, and the slope's, come to is added last.
    return Piece(middle, [mpf(0), *rounded[1:]], rounded[0], single(exact[1] - rounded[1]))


def literal(number: mpf) -> str:
    # The constant at a zero is negative, so that zero times the rest plus it keeps the sign of zero.
    return "-0.0f" if number == 0 else re.sub(r"\.?0+p", "p", float(number).hex()) + "f"


def row(numbers: Iterable[mpf]) -> str:
    return "{" + ", ".join(map(literal, numbers)) + "}"


def text(name: str, table: Table) -> str:
    """Return the definition of a table in C++."""
    pieces = {k % PIECES: piece(table, k) for k in range(table.first, table.first + PIECES)}
    chosen = [pieces[k] for k in range(PIECES)]
    rows = [
        row(p.centre for p in chosen),
        *(row(p.coefficients[power] for p in chosen) for power in range(table.degree + 1)),
    ]
    rooted = table.root is not None
    if rooted:
        rows += [row(p.late_constant for p in chosen), row(p.late_slope for p in chosen)]
    coefficients = ",\n     ".join(rows[1 : table.degree + 2])
    return "\n".join(
        [
            f"// {table.meaning}",
            f"alignas(64) constexpr {'rooted_table' if rooted else 'table'}<{table.degree}> {name} = {{",
            f"    {{{literal(single(1 / table.step))}," if rooted else f"    {literal(single(1 / table.step))},",
            f"    {rows[0]},",
            f"    {{{coefficients}}}{'}' if rooted else ''}{',' if rooted else '};'}",
            *([f"    {rows[-2]},", f"    {rows[-1]}}};"] if rooted else []),
        ]
    )


def powers() -> str:
    """Return the definition of 2^(j / 32), each as the sum of two numbers of float32."""
    exact = [mpf(2) ** (mpf(j) / PIECES) for j in range(PIECES)]
    high = [single(power) for power in exact]
    low = [single(power - rounded) for power, rounded in zip(exact, high)]
    return f"""// 2^(j / 32), high and low part
alignas(64) constexpr float powers[2][{PIECES}] = {{
    {row(high)},
    {"{" + ", ".join("0.0f" if not c else literal(c) for c in low) + "}"}}};"""


def header() -> str:
    tables = "\n\n".join(text(name, table) for name, table in TABLES.items())
    return f"""// Generated by tools/piecewise.py.
// clang-format off
#pragma once

namespace {{
namespace piecewise {{

// Piece k is centre[k] and the polynomial with coefficients[0 .. degree][k] around it, where round(x * pieces_per_unit) is k.
template <int degree_> struct table {{
    static constexpr int degree = degree_;
    float pieces_per_unit;
    alignas(64) float centre[{PIECES}];
    alignas(64) float coefficients[degree + 1][{PIECES}];
}};

// The piece around a root has no constant; that, and what the slope has lost, are added last.
template <int degree_> struct rooted_table : table<degree_> {{
    alignas(64) float late_constant[{PIECES}];
    alignas(64) float late_slope[{PIECES}];
}};

namespace tables {{

{tables}

{powers()}

}} // namespace tables
}} // namespace piecewise
}} // namespace
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args()
    made = header()
    if options.check:
        return int(made != TARGET.read_text(encoding="utf-8"))
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
