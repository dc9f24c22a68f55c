"""The coefficients and constants in the sources are those that their script computes, to the last digit."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest

from actfn import circular
from actfn.functions import exponentials, gaussians, periodic

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))
try:
    import circular as tables
    from coefficients import CONSTANTS, POLYNOMIALS
finally:
    sys.path.pop(0)

CORE = ROOT / "src" / "actfn" / "core"
VOCABULARY = "".join((CORE / name).read_text(encoding="utf-8") for name in ("vocabulary.hpp", "circular.hpp"))


def numbers(text: str) -> list[float]:
    return [float.fromhex(found) for found in re.findall(r"-?0x[0-9a-f.]+p[-+]\d+", text)]


def body(name: str) -> str:
    """Return the body of a C++ function."""
    return VOCABULARY.split(f"double {name}(double", 1)[1].split("\n}\n", 1)[0]


def constant(name: str) -> float:
    found = re.search(rf"\b{name} = (-?0x[0-9a-f.]+p[-+]\d+)", VOCABULARY)
    assert found is not None
    return float.fromhex(found[1])


@pytest.mark.parametrize(
    ("function", "start"),
    [
        ("exp_remainder", "exp: "),
        ("exp_remainder_short", "exp, short"),
        ("exp_remainder_precise", "exp, precise: "),
        ("log_remainder", "log: "),
        ("log_remainder_short", "log, short"),
        ("sine_remainder", "sine: "),
        ("cosine_remainder", "cosine: "),
        ("arctangent_remainder", "arctangent: "),
    ],
)
def test_polynomials_of_the_vocabulary(function: str, start: str) -> None:
    (polynomial,) = (polynomial for name, polynomial in POLYNOMIALS.items() if name.startswith(start))
    assert numbers(body(function))[::-1] == [float(c) for c in polynomial.coefficients()]


def test_the_exponentials_of_rows() -> None:
    share = (
        (CORE / "float_rows.hpp").read_text(encoding="utf-8").split("doubles_of_half share(", 1)[1].split("\n}\n", 1)[0]
    )
    for text, start in zip(share.split("else", 1), ("exp, of products", "exp, short")):
        (polynomial,) = (polynomial for name, polynomial in POLYNOMIALS.items() if name.startswith(start))
        exact = [float(c) for c in polynomial.coefficients()]
        even, odd = text.split("even =", 1)[1].split("odd =", 1)
        assert (numbers(even)[::-1], numbers(odd)[::-1]) == (exact[::2], exact[1::2])


@pytest.mark.parametrize(
    ("start", "coefficients"),
    [("normal tail, short", gaussians.NORMAL_TAIL_SHORT), ("gelu slope, short", gaussians.GELU_SLOPE_SHORT)],
)
def test_short_polynomials_of_the_gaussians(start: str, coefficients: tuple[float, ...]) -> None:
    (polynomial,) = (polynomial for name, polynomial in POLYNOMIALS.items() if name.startswith(start))
    assert [*coefficients] == [float(c) for c in polynomial.coefficients()]


@pytest.mark.parametrize(
    ("start", "leading", "rest"),
    [
        ("normal tail: ", gaussians.NORMAL_TAIL_LEADING, gaussians.NORMAL_TAIL),
        ("gelu slope: ", gaussians.GELU_SLOPE_LEADING, gaussians.GELU_SLOPE),
    ],
)
def test_polynomials_of_the_gaussians(start: str, leading: tuple[str, ...], rest: tuple[float, ...]) -> None:
    (polynomial,) = (polynomial for name, polynomial in POLYNOMIALS.items() if name.startswith(start))
    exact = polynomial.coefficients()
    assert leading == tuple(mpmath.nstr(c, 40) for c in exact[:2])
    assert [*rest] == [float(c) for c in exact[2:]]


def test_decimal_constants() -> None:
    for name, text in {
        "gelu slope's root": gaussians.GELU_SLOPE_ROOT,
        "1 / sqrt(2 pi)": gaussians.INVERSE_SQRT_TWO_PI,
        "2 sqrt(2 / pi)": gaussians.GELU_TANH_LINEAR,
        "2 sqrt(2 / pi) 0.044715": gaussians.GELU_TANH_CUBIC,
        "first root of sinc'', less 173693 / 2^18": periodic.SINC_BEND_ROOT[1],
        **{f"sinc'' around it, term {n}": term for n, term in enumerate(periodic.SINC_BEND, 1)},
    }.items():
        assert text == mpmath.nstr(CONSTANTS[name], 45)


def test_the_constants_of_selu() -> None:
    with mpmath.workdps(60):
        # Klambauer et al. 2017: the values for which mean 0 and variance 1 are a fixed point.
        half = mpmath.sqrt(mpmath.mpf(1) / 2)
        a = -mpmath.sqrt(2 / mpmath.pi) / (mpmath.erfc(half) * mpmath.exp(0.5) - 1)
        second = a**2 * (mpmath.erfc(mpmath.sqrt(2)) * mpmath.exp(2) - 2 * mpmath.erfc(half) * mpmath.exp(0.5) + 1)
        scale = mpmath.sqrt(2 / (1 + second))
        for text, exact in (
            (exponentials.SELU_ALPHA, a),
            (exponentials.SELU_SCALE, scale),
            (exponentials.SELU_SCALE_ALPHA, a * scale),
        ):
            assert text == mpmath.nstr(exact, 50)


def test_the_parts_of_the_logarithm_of_two() -> None:
    parts = [constant(name) for name in ("ln2_high", "ln2_middle", "ln2_low")]
    with mpmath.workprec(400):
        exact = +mpmath.log(2)
        rest = exact - mpmath.mpf(parts[0]) - mpmath.mpf(parts[1])
        assert float(rest) == parts[2]
    # Twelve free bits make the products with the exponent exact.
    assert all(Fraction(part).numerator.bit_length() <= 53 - 11 for part in parts[:2])
    assert constant("log2_e") == float(1 / CONSTANTS["log(2)"])


def test_the_tables_of_circular_functions() -> None:
    assert tables.TARGET.read_text(encoding="utf-8") == tables.header()
    columns = circular.FLOAT64.columns
    assert [tuple(row) for row in zip(*columns)] == [tuple(tables.pieces(j)) for j in range(tables.ROWS)]
    with mpmath.workprec(300):
        for place, found in enumerate(circular.FLOAT64.arctangents):
            assert abs(mpmath.mpf(found.numerator) / found.denominator - mpmath.atan(mpmath.mpf(place) / 16)) < 2**-200


def test_pi_and_the_root_of_the_bend_of_sinc() -> None:
    with mpmath.workdps(70):
        assert periodic.PI == mpmath.nstr(+mpmath.pi, len(periodic.PI) - 1)
        root = sum(map(mpmath.mpf, periodic.SINC_BEND_ROOT))
        u = mpmath.pi * root
        # The second derivative of sin(u) / u is ((2 - u^2) sin(u) - 2 u cos(u)) / u^3.
        assert abs((2 - u * u) * mpmath.sin(u) - 2 * u * mpmath.cos(u)) < mpmath.mpf(10) ** -40
        for found, digits in zip(circular.QUARTER_PARTS, (31, 63)):
            assert Fraction(found).denominator <= 2**digits
        assert abs(sum(map(mpmath.mpf, circular.QUARTER_PARTS)) - mpmath.pi / 2) < mpmath.mpf(2) ** -94
