"""The oracle against mpmath at 2,600 bits and textbook formulas; rounding and errors in ULP against fractions."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest
from reference import DEFAULTS, PARAMETERS, same_bits
from test_limits import LIMITS, OTHER_LIMITS, THROUGH_ZERO

import actfn
from actfn import catalogue
from actfn.accuracy.formats import FORMATS, format_of, rounded
from actfn.accuracy.oracle import Exact, Oracle
from actfn.functions import declared
from actfn.functions.declare import POSITIVE, Parameter, elementwise

BITS = 2600
INF = math.inf
# Digits, and the exponents of the smallest and of the largest normal binade.
BINARY = {
    "float16": (11, -14, 15),
    "bfloat16": (8, -126, 127),
    "float32": (24, -126, 127),
    "float64": (53, -1022, 1023),
}
DTYPES = tuple(BINARY)


def nearest(exact: Fraction, dtype: str) -> float:
    """Return the number of a format that is nearest to a fraction, the even one of two, as a Python float."""
    digits, lowest, highest = BINARY[dtype]
    if exact == 0:
        return 0.0
    exponent = abs(exact.numerator).bit_length() - exact.denominator.bit_length()
    exponent -= abs(exact) < Fraction(2) ** exponent
    quantum = Fraction(2) ** (max(exponent, lowest) - digits + 1)
    found = round(exact / quantum) * quantum
    if abs(found) >= Fraction(2) ** (highest + 1):
        return INF if exact > 0 else -INF
    return float(found)


def fraction(x: Any) -> Fraction:
    """Return an mpmath number as the fraction that it is; next to nothing is 2^-1200."""
    sign, mantissa, exponent, _ = mpmath.mpf(x)._mpf_
    if mantissa and exponent + mantissa.bit_length() < -1200:
        mantissa, exponent = 1, -1200
    return (-1) ** sign * mantissa * Fraction(2) ** exponent


class Jet:
    """A number that depends on x, with its first and second derivative."""

    def __init__(self, f: Any, d: Any = 0, s: Any = 0) -> None:
        self.parts = mpmath.mpf(f), mpmath.mpf(d), mpmath.mpf(s)

    def through(self, g: Any, slope: Any, bend: Any) -> Jet:
        _, d, s = self.parts
        return Jet(g, slope * d, bend * d * d + slope * s)

    def __add__(self, other: Any) -> Jet:
        return Jet(*(a + b for a, b in zip(self.parts, jet(other).parts)))

    def __mul__(self, other: Any) -> Jet:
        (f, d, s), (g, e, t) = self.parts, jet(other).parts
        return Jet(f * g, d * g + f * e, s * g + 2 * d * e + f * t)

    def __neg__(self) -> Jet:
        return self * -1

    def __sub__(self, other: Any) -> Jet:
        return self + -jet(other)

    def __rsub__(self, other: Any) -> Jet:
        return jet(other) - self

    def __truediv__(self, other: Any) -> Jet:
        g = jet(other).parts[0]
        return self * jet(other).through(1 / g, -1 / g**2, 2 / g**3)

    def __rtruediv__(self, other: Any) -> Jet:
        return jet(other) / self

    __radd__, __rmul__ = __add__, __mul__


def jet(x: Any) -> Jet:
    return x if isinstance(x, Jet) else Jet(x)


def exp(x: Jet) -> Jet:
    e = mpmath.exp(x.parts[0])
    return x.through(e, e, e)


def log(x: Jet) -> Jet:
    f = x.parts[0]
    return x.through(mpmath.log(f), 1 / f, -1 / f**2)


def tanh(x: Jet) -> Jet:
    t = mpmath.tanh(x.parts[0])
    return x.through(t, 1 - t * t, -2 * t * (1 - t * t))


def erf(x: Jet) -> Jet:
    f = x.parts[0]
    slope = 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-f * f)
    return x.through(mpmath.erf(f), slope, -2 * f * slope)


def size(x: Jet) -> Jet:
    return x if x.parts[0] >= 0 else -x


def bent(x: Jet, right: Jet, left: Callable[[], Jet]) -> Jet:
    return right if x.parts[0] > 0 else left()


def clipped(line: Jet) -> Jet:
    return jet(0) if line.parts[0] <= 0 else jet(1) if line.parts[0] >= 1 else line


def selu_constants() -> tuple[Any, Any]:
    """Return alpha and scale from their definition: the fixed point is mean 0 and variance 1."""
    mp = mpmath
    tail, root = mp.erfc(1 / mp.sqrt(2)), mp.sqrt(mp.e)
    alpha = -mp.sqrt(2 / mp.pi) / (tail * root - 1)
    inner = 2 * mp.erfc(mp.sqrt(2)) * mp.e**2 + mp.pi * tail**2 * mp.e - 2 * (2 + mp.pi) * tail * root + mp.pi + 2
    return alpha, (1 - tail * root) * mp.sqrt(2 * mp.pi) / mp.sqrt(inner)


def selu(x: Jet) -> Jet:
    alpha, scale = selu_constants()
    return scale * bent(x, x, lambda: alpha * (exp(x) - 1))


def inverse_selu(y: Jet) -> Jet:
    alpha, scale = selu_constants()
    return bent(y, y / scale, lambda: log(1 + y / (alpha * scale)))


def gelu_tanh(x: Jet) -> Jet:
    inner = mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x * x * x)
    return x * (1 + tanh(inner)) / 2


# From the textbooks, one line each; "1/6" is a sixth, not the float64 next to it.
TEXTBOOK: dict[str, Callable[..., Jet]] = {
    "identity": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + exp(-x)),
    "tanh": tanh,
    "relu": lambda x: bent(x, x, lambda: jet(0)),
    "leaky_relu": lambda x, a: bent(x, x, lambda: a * x),
    "prelu": lambda x, a: bent(x, x, lambda: a * x),
    "elu": lambda x, a: bent(x, x, lambda: a * (exp(x) - 1)),
    "selu": selu,
    "softplus": lambda x, b: log(1 + exp(b * x)) / b,
    "swish": lambda x, b: x / (1 + exp(-(b * x))),
    "silu": lambda x: x / (1 + exp(-x)),
    "mish": lambda x: x * tanh(log(1 + exp(x))),
    "softsign": lambda x: x / (1 + size(x)),
    "hard_sigmoid": lambda x, a, b: clipped(a * x + b),
    "gelu": lambda x: x * (1 + erf(x / mpmath.sqrt(2))) / 2,
    "gelu_tanh": gelu_tanh,
    "logit": lambda y: log(y / (1 - y)),
    "inverse_tanh": lambda y: log((1 + y) / (1 - y)) / 2,
    "inverse_softsign": lambda y: y / (1 - size(y)),
    "inverse_elu": lambda y, a: bent(y, y, lambda: log(1 + y / a)),
    "inverse_selu": inverse_selu,
    "inverse_softplus": lambda y, b: log(exp(b * y) - 1) / b,
}
ELEMENTWISE = tuple(
    name
    for name, declaration in declared().items()
    if declaration.kind == "elementwise" and (declaration.hot or declaration.inverse_of)
)
# Where an inverse is defined, with its default parameters: the open range of the function.
DOMAINS = {
    "logit": (0.0, 1.0),
    "inverse_tanh": (-1.0, 1.0),
    "inverse_softsign": (-1.0, 1.0),
    "inverse_elu": (-1.0, INF),
    # The end is no float64; the one next to it on its inner side is -1.7580993408473768.
    "inverse_selu": (math.nextafter(-1.7580993408473768, -INF), INF),
    "inverse_softplus": (0.0, INF),
}


def defaults(name: str) -> dict[str, Any]:
    inverse_of = {"inverse_elu": "elu", "inverse_softplus": "softplus"}
    return dict(DEFAULTS.get(inverse_of.get(name, name), {}))


def truth(name: str, order: int, x: float, parameters: dict[str, Any]) -> Fraction:
    """Return a textbook's formula or its derivative at a finite x, at 2,600 bits."""
    with mpmath.workprec(BITS):
        values = [mpmath.mpf(1) / 6 if value == 1 / 6 else mpmath.mpf(value) for value in parameters.values()]
        return fraction(TEXTBOOK[name](Jet(x, 1), *values).parts[order])


def oracle_of(name: str, order: int, parameters: dict[str, Any] | None = None) -> Oracle:
    return Oracle(catalogue.find(name), defaults(name) if parameters is None else parameters, order)


def nasty() -> list[float]:
    """Return places where something happens in some format: tails, kinks, subnormals, the ends of the range."""
    sizes = [0.0, 5e-324, 3e-310, 2.0**-1022, 1e-290, 1e-45, 2.0**-126, 1e-20, 2.0**-27, 1e-7, 0.3, 0.75179, 1.0]
    sizes += [1.2784645, 3.0, 5.5, 11.1, 17.0, 20.1, 37.43, 39.0, 88.7, 104.0, 709.78, 745.2, 1e4, 1e19, 3.4e38, 1e160]
    sizes += [1e300, 1.7976931348623157e308, 6.0e4, math.nextafter(1.0, 0), math.nextafter(3.0, 4)]
    return [sign * size for size in sizes for sign in (1.0, -1.0)]


def points(name: str, seed: int, count: int) -> list[float]:
    """Return nasty and random places inside the function's domain and off its kinks."""
    rng = np.random.default_rng(seed)
    spread = np.ldexp(1 + rng.random(count), rng.integers(-1060, 1000, count))
    random = np.concatenate([rng.uniform(-12, 12, count), rng.uniform(-750, 50, count), spread, -spread])
    low, high = DOMAINS.get(name, (-INF, INF))
    inner = [low + 1e-9, high - 1e-9, *rng.uniform(low, high, count)] if math.isfinite(high - low) else []
    return [x for x in map(float, [*nasty(), *random, *inner]) if low < x < high and (x or name != "relu")]


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_results_are_correctly_rounded_in_every_format(name: str, order: int) -> None:
    sets = [defaults(name), *([PARAMETERS[name]] if name in PARAMETERS else [])]
    for parameters in sets:
        oracle, wrong = oracle_of(name, order, parameters), []
        kinks = [float(kink.x) for kink in catalogue.find(name).kinks(**parameters)]
        for x in points(name, order, 8 if parameters == sets[0] else 3):
            if order and x in (*kinks, 0.0):
                # Which slope a formula has at a joint is a matter of its "<" and "<=".
                continue
            exact = truth(name, order, x, parameters)
            wrong += [(x, dtype) for dtype in DTYPES if float(oracle.rounded([x], dtype)[0]) != nearest(exact, dtype)]
        assert wrong == [], parameters


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("elu", {"alpha": 1e-6}),
        ("elu", {"alpha": 1e3}),
        ("softplus", {"beta": 1e-6}),
        ("softplus", {"beta": 1e3}),
        ("swish", {"beta": -1e3}),
        ("swish", {"beta": 0.0}),
        ("leaky_relu", {"negative_slope": -0.3}),
        ("prelu", {"alpha": 7.7}),
        ("hard_sigmoid", {"slope": 0.2, "offset": 0.5}),
    ],
)
def test_results_with_parameters_at_the_ends_of_their_domains(name: str, parameters: dict[str, float]) -> None:
    for order in (0, 1, 2):
        oracle = oracle_of(name, order, parameters)
        kinks = [float(kink.x) for kink in catalogue.find(name).kinks(**parameters)]
        slopes = [1 / 5 if value == 0.2 else value for value in parameters.values()]
        for x in points(name, order, 3):
            if order and x in (*kinks, 0.0):
                continue
            with mpmath.workprec(BITS):
                values = [mpmath.mpf(1) / 5 if value == 0.2 else mpmath.mpf(value) for value in slopes]
                exact = fraction(TEXTBOOK[name](Jet(x, 1), *values).parts[order])
            assert oracle.rounded([x], "float64")[0] == nearest(exact, "float64"), (x, order)


def test_a_result_next_to_a_tie_falls_to_the_right_side() -> None:
    # x / 2 + x^2 / 4 + ... of an odd subnormal number is just above the middle of two numbers.
    for dtype in DTYPES:
        digits, lowest, _ = BINARY[dtype]
        smallest = 2.0 ** (lowest - digits + 1)
        for name in ("silu", "swish", "gelu", "gelu_tanh"):
            for odd in (1, 5, -1, -3, -7):
                got = float(oracle_of(name, 0).rounded([odd * smallest], dtype)[0])
                expected = ((odd + 1) // 2) * smallest
                assert got == expected, f"{name} of {odd} x {smallest}, {dtype}: {got / smallest} units"


def test_a_tie_goes_to_the_even_number() -> None:
    # Each of these is the middle of two numbers exactly, though its slope 1/6 is no binary fraction.
    for dtype in DTYPES:
        unit = 2.0 ** -BINARY[dtype][0]
        got = oracle_of("hard_sigmoid", 0).rounded([3 * odd * unit for odd in (1, 3, 5, 7)], dtype)
        assert got.astype(np.float64).tolist() == [0.5 + even * unit for even in (0, 2, 2, 4)], dtype


def test_a_result_far_less_than_a_unit_from_a_tie_falls_to_the_right_side() -> None:
    # sigmoid(x) = 1/2 + x/4 - x^3/48: just below the middle of two numbers.
    for dtype in DTYPES:
        unit = 2.0 ** -BINARY[dtype][0]
        got = float(oracle_of("sigmoid", 0).rounded([6 * unit], dtype)[0])
        assert got == nearest(truth("sigmoid", 0, 6 * unit, {}), dtype) == 0.5 + unit, dtype


def test_derivatives_by_a_parameter() -> None:
    for name, by, x, parameters, expected in (
        ("swish", "beta", 2.0, {"beta": 0.0}, 1.0),
        ("elu", "alpha", -40.0, {"alpha": 2.0}, -1.0),
        ("leaky_relu", "negative_slope", -3.0, {"negative_slope": 0.1}, -3.0),
        ("hard_sigmoid", "offset", 0.5, {"slope": 0.2, "offset": 0.5}, 1.0),
    ):
        got = Oracle(catalogue.find(name), parameters, 1, by=by).rounded([x], "float64")[0]
        assert got == expected, name


@pytest.mark.parametrize(
    ("name", "parameters", "limits"), [*((name, DEFAULTS[name], LIMITS[name]) for name in LIMITS), *OTHER_LIMITS]
)
def test_limits_at_infinity_and_nan(name: str, parameters: dict[str, float], limits: Any) -> None:
    for order, pair in enumerate(limits):
        got = oracle_of(name, order, parameters).rounded([-INF, INF, math.nan], "float64")
        assert same_bits(got, np.array([*pair, math.nan])), (order, got)


def test_the_sign_of_zero_at_zero() -> None:
    for name in THROUGH_ZERO:
        assert same_bits(oracle_of(name, 0).rounded([0.0, -0.0], "float32"), np.array([0.0, -0.0], np.float32)), name
    for name in ("sigmoid", "tanh"):
        assert same_bits(oracle_of(name, 2).rounded([0.0, -0.0], "float64"), np.array([-0.0, 0.0])), name


@pytest.mark.parametrize(
    ("name", "order", "left", "right"),
    [
        ("sigmoid", 0, 0.0, 1.0),
        ("sigmoid", 1, 0.0, 0.0),
        ("sigmoid", 2, 0.0, -0.0),
        ("tanh", 1, 0.0, 0.0),
        ("tanh", 2, 0.0, -0.0),
        ("silu", 0, -0.0, 1e4),
        ("silu", 1, -0.0, 1.0),
        ("silu", 2, -0.0, -0.0),
        ("mish", 0, -0.0, 1e4),
        ("mish", 1, -0.0, 1.0),
        ("mish", 2, -0.0, -0.0),
        ("gelu", 0, -0.0, 1e4),
        ("gelu", 1, -0.0, 1.0),
        ("gelu", 2, -0.0, -0.0),
        ("gelu_tanh", 0, -0.0, 1e4),
        ("gelu_tanh", 1, -0.0, 1.0),
        ("gelu_tanh", 2, -0.0, -0.0),
        ("softplus", 0, 0.0, 1e4),
        ("elu", 1, 0.0, 1.0),
        ("selu", 2, 0.0, 0.0),
    ],
)
def test_what_underflows_keeps_its_sign(name: str, order: int, left: float, right: float) -> None:
    assert same_bits(oracle_of(name, order).rounded([-1e4, 1e4], "float64"), np.array([left, right]))


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", DOMAINS)
def test_an_inverse_is_nan_outside_its_domain(name: str, order: int) -> None:
    low, high = DOMAINS[name]
    oracle = oracle_of(name, order)
    outside = [low if name == "inverse_selu" else math.nextafter(low, -INF), low - 0.5, low - 1e4, -1e300, -INF]
    outside += [math.nextafter(high, INF), high + 0.5, high + 1e4, 1e300, INF] if high < INF else []
    assert np.isnan(oracle.rounded(outside, "float64")).all(), oracle.rounded(outside, "float64")


@pytest.mark.parametrize("name", DOMAINS)
def test_an_inverse_is_at_its_limits_at_the_ends_of_its_domain(name: str) -> None:
    if name == "inverse_selu":
        last = math.nextafter(DOMAINS[name][0], 0)
        assert oracle_of(name, 0).rounded([last], "float64")[0] == nearest(truth(name, 0, last, {}), "float64")
        assert nearest(truth(name, 0, last, {}), "float64") == pytest.approx(-39.3608, abs=1e-4)
        return
    ends = [end for end in DOMAINS[name] if math.isfinite(end)]
    expected = [-INF, INF][: len(ends)]
    assert oracle_of(name, 0).rounded(ends, "float64").tolist() == expected


def test_unsettled_precision_is_raised() -> None:
    # 1 - tanh^2 at 372 cancels 1,073 bits.
    assert oracle_of("tanh", 1).rounded([372.0], "float64")[0] == nearest(truth("tanh", 1, 372.0, {}), "float64") > 0
    # A root of the derivative, to the last bit on both sides.
    root = -1.2784645427610738
    for x in (math.nextafter(root, 0), root, math.nextafter(root, -2)):
        assert oracle_of("silu", 1).rounded([x], "float64")[0] == nearest(truth("silu", 1, x, {}), "float64")


def test_the_kernels_are_not_asked() -> None:
    def unused(*arguments: Any) -> Any:
        raise AssertionError("a kernel was called")

    @elementwise(parameters=(Parameter("beta", 1.0, POSITIVE, "scale"),))
    class probe:
        """exp(-beta x^2)."""

        def formula(m: Any, x: Any, beta: Any) -> Any:
            return m.exp(-beta * x * x)

        value = first = second = partial_beta = unused

        def range(beta: float) -> Any:
            return POSITIVE

    got = [Oracle(probe, {"beta": 2.0}, order).rounded([0.5], "float64")[0] for order in (0, 1, 2)]
    assert got == [math.exp(-0.5), -2 * math.exp(-0.5), 0.0]


def file_of(module: str, source: Path) -> Path | None:
    """Return the file of a module or package of actfn, None for what is neither and for actfn itself."""
    path = source / module.replace(".", "/")
    found = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]
    return found[0] if found and module != "actfn" else None


def imports_of(module: str, source: Path) -> set[str]:
    """Return what a module of actfn, or a function in it, imports from actfn."""
    found = set()
    file = file_of(module, source)
    for node in ast.walk(ast.parse(file.read_text() if file else "")):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("actfn"):
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {member for member in members if file_of(member, source)} | {str(node.module)}
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("actfn")}
    return found


def test_the_oracle_imports_nothing_of_the_kernels() -> None:
    source = Path(inspect.getfile(actfn)).parents[1]
    seen: set[str] = set()
    ahead = {"actfn.accuracy.oracle"}
    while ahead:
        seen |= ahead
        ahead = set().union(*(imports_of(module, source) for module in ahead)) - seen
    assert {"actfn.accuracy.balls", "actfn.formula", "actfn.functions.declare"} <= seen
    kernels = {"_core", "ufuncs", "arrays", "trace", "evaluate", "activation", "kinds", "emit", "core"}
    assert not kernels & {module.split(".")[1] for module in seen if "." in module}, seen


def as_integer(x: Fraction) -> tuple[int, int]:
    """Return a dyadic fraction as a numerator and a power of two."""
    assert x.denominator & (x.denominator - 1) == 0
    return x.numerator, 1 - x.denominator.bit_length()


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_against_fractions(dtype: str) -> None:
    rng = np.random.default_rng(1)
    form, (digits, lowest, highest) = FORMATS[dtype], BINARY[dtype]
    for _ in range(2000):
        numerator = int.from_bytes(rng.bytes(int(rng.integers(1, 25)))) * int(rng.choice([-1, 1]))
        exponent = int(rng.integers(lowest - digits - 60, highest + 4)) - numerator.bit_length()
        exact = Fraction(numerator) * Fraction(2) ** exponent
        assert rounded(numerator, exponent, form) == nearest(exact, dtype), (numerator, exponent)
    for _ in range(1000):
        # Between two neighbours, and as little beside as one likes.
        significand = int(rng.integers(2 ** (digits - 1), 2**digits)) >> int(rng.integers(0, digits))
        quantum = int(rng.integers(lowest - digits + 1, highest - digits + 1))
        middle = Fraction(2 * significand + 1, 2) * Fraction(2) ** quantum
        for beside in (Fraction(0), Fraction(1, 2**1500), Fraction(-1, 2**1500)):
            for sign in (1, -1):
                exact = sign * (middle + beside)
                assert rounded(*as_integer(exact), form) == nearest(exact, dtype), (exact, beside)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_at_the_ends_of_the_range(dtype: str) -> None:
    form, (digits, lowest, highest) = FORMATS[dtype], BINARY[dtype]
    smallest, largest = Fraction(2) ** (lowest - digits + 1), (2 - Fraction(2) ** (1 - digits)) * Fraction(2) ** highest
    tiny = Fraction(1, 2**1300)
    for exact, expected in (
        (smallest / 2, 0),
        (smallest / 2 + tiny, smallest),
        (smallest * 3 / 2, 2 * smallest),
        (smallest * 3 / 2 - tiny, smallest),
        (Fraction(2) ** lowest - smallest / 2, Fraction(2) ** lowest),
        (Fraction(2) ** lowest - smallest / 2 - tiny, Fraction(2) ** lowest - smallest),
        (Fraction(form.overflow) - tiny, largest),
    ):
        assert rounded(*as_integer(exact), form) == float(expected)
        assert rounded(*as_integer(-exact), form) == -float(expected)
    assert form.overflow == largest + (2 * Fraction(2) ** highest - largest) / 2
    assert rounded(form.overflow, 0, form) == INF and rounded(-form.overflow, 0, form) == -INF
    assert rounded(1, 5000, form) == INF and rounded(0, 5000, form) == 0
    assert math.copysign(1, rounded(-1, -5000, form)) == -1 and math.copysign(1, rounded(1, -5000, form)) == 1
    assert float(ml_dtypes.finfo(form.dtype).max) == largest
    assert float(ml_dtypes.finfo(form.dtype).smallest_subnormal) == smallest
    assert format_of(form.dtype) is format_of(dtype) is form


@pytest.mark.parametrize(("wide", "dtype"), [("float64", "float32"), ("float64", "float16"), ("float32", "bfloat16")])
def test_rounding_against_casts(wide: str, dtype: str) -> None:
    rng = np.random.default_rng(2)
    form, bits = FORMATS[dtype], FORMATS[wide].bits
    lowest, highest = form.smallest_exponent - 3, form.largest_exponent + 2
    with np.errstate(all="ignore"):
        sizes = np.ldexp(1 + rng.random(3000), rng.integers(lowest, highest, 3000)).astype(wide)
        sizes = sizes[np.isfinite(sizes)]
        # Fewer digits make ties.
        shift = FORMATS[wide].digits - form.digits - 1
        x = np.concatenate([sizes, -sizes, (sizes.view(bits) >> shift << shift).view(wide)])
        expected = x.astype(form.dtype).astype(np.float64)
    got = [rounded(n, 1 - d.bit_length(), form) for n, d in (float(value).as_integer_ratio() for value in x)]
    assert np.array_equal(got, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_error_counts_units_of_the_exact_value(dtype: str) -> None:
    rng = np.random.default_rng(3)
    form, (digits, lowest, highest) = FORMATS[dtype], BINARY[dtype]
    smallest = 2.0 ** (lowest - digits + 1)
    largest = float(ml_dtypes.finfo(form.dtype).max)
    below = largest - 2.0 ** (highest - digits + 1)
    zero = Exact(0, 0, 0)
    assert [zero.ulps(value, form) for value in (0.0, -0.0, smallest, -3 * smallest)] == [0, 0, 1, 3]
    assert zero.ulps(2.0**lowest, form) == 2.0 ** (digits - 1)
    middle = Exact(3, lowest - digits, 1)
    assert [middle.ulps(value, form) for value in (smallest, 2 * smallest, 0.0)] == [0.5, 0.5, 1.5]
    top = Exact(*as_integer(Fraction(largest)), 1)
    assert [top.ulps(value, form) for value in (largest, below, 0.0)] == [0, 1, 2.0**digits - 1]
    assert [top.ulps(value, form) for value in (INF, -INF, math.nan)] == [INF] * 3
    past = Exact(1, highest + 1, 1)
    # In the next binade the unit is twice as large.
    assert [past.ulps(value, form) for value in (INF, largest, -INF)] == [0, 0.5, INF]
    for _ in range(300):
        numerator = int(rng.integers(1, 2**62)) * int(rng.choice([-1, 1]))
        exponent = int(rng.integers(lowest - digits - 3, highest - 2)) - numerator.bit_length()
        exact = Fraction(numerator) * Fraction(2) ** exponent
        value = nearest(exact * Fraction(int(rng.integers(1, 40)), 20), dtype)
        power = max(numerator.bit_length() - 1 + exponent, lowest)
        expected = abs(Fraction(value) - exact) / Fraction(2) ** (power - digits + 1)
        assert Exact(numerator, exponent, 1).ulps(value, form) == pytest.approx(float(expected), rel=1e-15, abs=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_units_of_float64_numbers(dtype: str) -> None:
    form, (digits, lowest, _) = FORMATS[dtype], BINARY[dtype]
    exact = np.array([0.0, -0.0, 2.0**lowest, 1.0, -1.5, 2.0, math.nextafter(2.0, 1)])
    smallest = lowest - digits + 1
    powers = [smallest, smallest, smallest, 1 - digits, 1 - digits, 2 - digits, 1 - digits]
    assert form.unit(exact).tolist() == [2.0**power for power in powers]
