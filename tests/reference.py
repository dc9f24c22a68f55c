"""What the tests share: the functions in extended precision, distances in ULP, hard numbers, fresh interpreters.

The formulas here are written from the textbooks, in NumPy's long double, and share nothing with the library's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest

from actfn import catalogue, formula, ufuncs
from actfn.emit.cpp import ufuncs as compiled
from actfn.functions import declared

Array = np.ndarray[Any, np.dtype[Any]]

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = (np.dtype(np.float16), BFLOAT16, np.dtype(np.float32), np.dtype(np.float64))
INTEGERS = tuple(map(np.dtype, "?bBhHiIqQ"))

# The parameters of each function, and numbers inside their domains that are neither defaults nor special.
PARAMETERS: dict[str, dict[str, float]] = {
    "leaky_relu": {"negative_slope": 0.375},
    "prelu": {"alpha": -0.625},
    "elu": {"alpha": 1.75},
    "softplus": {"beta": 1.25},
    "swish": {"beta": -1.5},
    "hard_sigmoid": {"slope": 0.375, "offset": 0.625},
}
PLAIN = ("identity", "sigmoid", "tanh", "relu", "selu", "silu", "mish", "softsign", "gelu", "gelu_tanh")
ELEMENTWISE = tuple(sorted((*PLAIN, *PARAMETERS)))
DEFAULTS: dict[str, dict[str, float]] = {
    **{name: {} for name in PLAIN},
    "leaky_relu": {"negative_slope": 0.01},
    "prelu": {"alpha": 0.25},
    "elu": {"alpha": 1.0},
    "softplus": {"beta": 1.0},
    "swish": {"beta": 1.0},
    "hard_sigmoid": {"slope": 1 / 6, "offset": 0.5},
}


# Functions that programs seldom wait for share the frame of their loops: a few stand for all of them.
STAND_INS: dict[str, dict[str, float]] = {"relu6": {}, "celu": {"alpha": 1.0}, "soft_shrink": {"lambd": 0.5}}
OTHERS = {
    ufunc.name
    for declaration in declared().values()
    if declaration.kind == "elementwise" and not declaration.hot and declaration.inverse_of is None
    for ufunc in compiled(declaration)
    if declaration.name not in STAND_INS
}
RARE = OTHERS | {*declared()} - {*catalogue.common_names(), *STAND_INS, "sparsemax", "swiglu", "rrelu", "apl", "dice"}
# What is slow to try is tried for the functions that networks commonly use; the others have tests of their own.
COMMON = catalogue.common_names()
GUIDED = tuple(sorted(catalogue.guided_names()))

EVERY = tuple(
    sorted(name for name, member in vars(ufuncs).items() if isinstance(member, np.ufunc) and name not in OTHERS)
)
ROWS = ("softmax", "softmax_vjp", "log_softmax", "log_softmax_vjp")
EACH = tuple(name for name in EVERY if name not in ROWS)


def parameters_of(ufunc: str) -> tuple[float, ...]:
    """Return the default parameters of the function that a ufunc belongs to, by the ufunc's name."""
    known = {**DEFAULTS, **STAND_INS, "inverse_elu": DEFAULTS["elu"], "inverse_softplus": DEFAULTS["softplus"]}
    owners = [owner for owner in known if f"{ufunc}_".startswith(f"{owner}_")]
    return tuple(known[max(owners, key=len)].values()) if owners else ()


def inputs_of(ufunc: str) -> int:
    """Return how many inputs a ufunc has beside the parameters."""
    return getattr(ufuncs, ufunc).nin - len(parameters_of(ufunc))


def thinned(names: Iterable[str], *quick: str) -> list[Any]:
    """Return names as parameters of a test, all but a few of them slow."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


def derivative_of_derivative(name: str, point: dict[str, float], by: str, then: str, order: int = 1) -> float:
    """Return the derivative by ``then`` of the formula's derivative ``by`` x, of an order, or by a parameter.

    A point has x and the parameters; the quotient of the difference of values 2^-300 to either side is exact to a float64.
    """
    declaration, step = catalogue.find(name), mpmath.ldexp(1, -300)
    sides = []
    with mpmath.workprec(4000):
        for sign in (1, -1):
            at = {key: mpmath.mpf(value) + sign * step * (key == then) for key, value in point.items()}
            x = at.pop("x")
            chosen: dict[str, Any] = {"order": order} if by == "x" else {"order": 1, "by": by}
            sides.append(formula.evaluate(declaration, x, at, bits=4000, **chosen))
        return float((sides[0] - sides[1]) / (2 * step))


def long(x: Any) -> Array:
    """Return an array, or a number written as a string, as long doubles."""
    return np.longdouble(x) if isinstance(x, str) else np.asarray(x).astype(np.float64).astype(np.longdouble)


SELU_SCALE = long("1.05070098735548049341933498529460")
SELU_ALPHA = long("1.67326324235437728481704299167167")
GELU_TANH_SLOPE = 2 * np.sqrt(2 / (4 * np.arctan(long("1"))))
GELU_TANH_CUBE = long("0.044715")


def gate(t: Array) -> Array:
    return 1 / (1 + np.exp(-t))


def gate_d1(t: Array) -> Array:
    e = np.exp(-np.abs(t))
    return e / (1 + e) ** 2


def gate_d2(t: Array) -> Array:
    return -gate_d1(t) * np.tanh(t / 2)


def softplus_partial(x: Array, beta: Array) -> Array:
    size = np.abs(beta * x)
    e = np.exp(-size)
    return -(size * e / (1 + e) + np.log1p(e)) / beta**2


def mish_parts(x: Array) -> tuple[Array, Array, Array]:
    """Return s = sigmoid(x), w = tanh(softplus(x)) and w'."""
    u = np.exp(np.clip(x, -2500, 2500))
    n = u * (u + 2)
    return gate(x), n / (n + 2), 4 * (n + 1) / (n + 2) ** 2 * gate(x)


def mish_d2(x: Array) -> Array:
    s, w, slope = mish_parts(x)
    return slope * (2 + x * (gate(-x) - 2 * w * s))


def normal_density(x: Array) -> Array:
    a = np.minimum(np.abs(x), 150)
    # The square of the leading half is exact.
    half = a.astype(np.float32).astype(np.longdouble)
    return np.exp(-half * half / 2) * np.exp(-(a - half) * (a + half) / 2) / np.sqrt(8 * np.arctan(long("1")))


def normal_probability(x: Array) -> Array:
    """Return P(Z <= x): a power series in the middle, a continued fraction in the tails."""
    a = np.clip(np.abs(x), 2.5, 150)
    fraction = a
    for k in range(120, 0, -1):
        fraction = a + k / fraction
    tail = normal_density(a) / fraction
    middle = np.clip(x, -2.5, 2.5)
    term = total = middle
    for k in range(1, 60):
        term = term * middle * middle / (2 * k + 1)
        total = total + term
    return np.where(np.abs(x) < 2.5, 0.5 + normal_density(middle) * total, np.where(x < 0, tail, 1 - tail))


def gelu_d1(x: Array) -> Array:
    return normal_probability(x) + np.clip(x, -150, 150) * normal_density(x)


def gelu_tanh_parts(x: Array) -> tuple[Array, Array, Array, Array]:
    """Return x cut off, z with gelu_tanh = x sigmoid(z), z' and z''."""
    x = np.clip(x, -200, 200)
    cube = GELU_TANH_SLOPE * GELU_TANH_CUBE
    return x, x * (GELU_TANH_SLOPE + cube * x * x), GELU_TANH_SLOPE + 3 * cube * x * x, 6 * cube * x


def gelu_tanh_d1(x: Array) -> Array:
    x, z, z1, _ = gelu_tanh_parts(x)
    return gate(z) + x * z1 * gate_d1(z)


def gelu_tanh_d2(x: Array) -> Array:
    x, z, z1, z2 = gelu_tanh_parts(x)
    return gate_d1(z) * (2 * z1 + x * z2 - x * z1 * z1 * np.tanh(z / 2))


def hard_line(x: Array, slope: Array, offset: Array) -> Array:
    """Return slope x + offset, where the float64 nearest to 1/n stands for 1/n."""
    n = np.rint(1 / slope)
    slope = np.where(long(1 / n) == slope, 1 / n, slope)
    return slope * (x + offset / slope)


def inside(line: Array) -> Array:
    return (line > 0) & (line < 1)


def leaky(x: Array, slope: Array) -> Array:
    return np.where(x > 0, x, slope * x)


Formula = Callable[..., Array]

# For each function the value, the first and second derivative, and the partials by its parameters.
FORMULAS: dict[str, tuple[Formula, ...]] = {
    "identity": (lambda x: x, lambda x: 0 * x + 1, lambda x: 0 * x),
    "relu": (lambda x: np.where(x > 0, x, 0), lambda x: np.where(x > 0, 1, 0), lambda x: 0 * x),
    "leaky_relu": (leaky, lambda x, a: np.where(x > 0, 1, a), lambda x, a: 0 * x, lambda x, a: np.where(x > 0, 0, x)),
    "prelu": (leaky, lambda x, a: np.where(x > 0, 1, a), lambda x, a: 0 * x, lambda x, a: np.where(x > 0, 0, x)),
    "elu": (
        lambda x, a: np.where(x > 0, x, a * np.expm1(np.minimum(x, 0))),
        lambda x, a: np.where(x > 0, 1, a * np.exp(x)),
        lambda x, a: np.where(x > 0, 0, a * np.exp(x)),
        lambda x, a: np.where(x > 0, 0, np.expm1(np.minimum(x, 0))),
    ),
    "selu": (
        lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * np.exp(x)),
        lambda x: SELU_SCALE * np.where(x > 0, 0, SELU_ALPHA * np.exp(x)),
    ),
    "softplus": (
        lambda x, b: (np.maximum(b * x, 0) + np.log1p(np.exp(-np.abs(b * x)))) / b,
        lambda x, b: gate(b * x),
        lambda x, b: b * gate_d1(b * x),
        softplus_partial,
    ),
    "sigmoid": (gate, gate_d1, gate_d2),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2, lambda x: -2 * np.tanh(x) / np.cosh(x) ** 2),
    "softsign": (
        lambda x: x / (1 + np.abs(x)),
        lambda x: 1 / (1 + np.abs(x)) ** 2,
        lambda x: -2 * np.sign(x) / (1 + np.abs(x)) ** 3,
    ),
    "swish": (
        lambda x, b: x * gate(b * x),
        lambda x, b: gate(b * x) * (1 + b * x * gate(-b * x)),
        lambda x, b: b * gate_d1(b * x) * (2 - b * x * np.tanh(b * x / 2)),
        lambda x, b: x * x * gate_d1(b * x),
    ),
    "silu": (
        lambda x: x * gate(x),
        lambda x: gate(x) * (1 + x * gate(-x)),
        lambda x: gate_d1(x) * (2 - x * np.tanh(x / 2)),
    ),
    "mish": (lambda x: x * mish_parts(x)[1], lambda x: mish_parts(x)[1] + x * mish_parts(x)[2], mish_d2),
    "gelu": (
        lambda x: x * normal_probability(x),
        gelu_d1,
        lambda x: normal_density(x) * (2 - np.clip(x, -150, 150) ** 2),
    ),
    "gelu_tanh": (lambda x: x * gate(gelu_tanh_parts(x)[1]), gelu_tanh_d1, gelu_tanh_d2),
    "hard_sigmoid": (
        lambda x, a, b: np.clip(hard_line(x, a, b), 0, 1),
        lambda x, a, b: np.where(inside(hard_line(x, a, b)), a, 0),
        lambda x, a, b: 0 * x,
        lambda x, a, b: np.where(inside(hard_line(x, a, b)), x, 0),
        lambda x, a, b: np.where(inside(hard_line(x, a, b)), 1, 0),
    ),
}


def evaluate(name: str, which: int, x: Any, *parameters: Any) -> Array:
    """Return a formula at finite numbers and NaN: which is an order of 0, 1, 2, or 3 and more for a partial."""
    wide = [long(argument) for argument in (x, *parameters)]
    with np.errstate(all="ignore"):
        result = np.asarray(FORMULAS[name][which](*wide), np.longdouble)
        shape = np.broadcast_shapes(*(argument.shape for argument in wide))
        return np.where(np.isnan(wide[0]), np.nan, np.broadcast_to(result, shape))


def ulps(got: Any, exact: Any) -> Array:
    """Return the distance in units in the last place of the exact value, in the dtype of the result.

    It is infinite where one is NaN and the other is not, or where a result is infinite that need not be.
    """
    got = np.asarray(got)
    info = ml_dtypes.finfo(got.dtype)
    got, exact = got.astype(np.float64).astype(np.longdouble), np.asarray(exact, np.longdouble)
    largest = np.longdouble(float(info.max)) * (1 + np.ldexp(np.longdouble(1), -info.nmant - 2))
    with np.errstate(all="ignore"):
        exponent = np.maximum(np.frexp(exact)[1] - 1, int(info.minexp))
        error = np.abs(got - exact) / np.ldexp(np.longdouble(1), exponent - info.nmant)
        beyond = np.isinf(got) & (np.sign(got) == np.sign(exact)) & (np.abs(exact) >= largest)
    error = np.where(beyond | (np.isnan(got) & np.isnan(exact)), 0, error)
    return np.where(np.isnan(error), np.inf, error)


def worst(got: Any, exact: Any) -> float:
    """Return the largest distance in ULP; shapes must agree."""
    assert np.shape(got) == np.shape(exact), (np.shape(got), np.shape(exact))
    return float(np.max(ulps(got, exact), initial=0))


def one_nan(x: Any) -> Array:
    """Return a contiguous copy in which every NaN has the same sign and payload."""
    copy = np.array(x, order="C")
    if copy.dtype.kind not in "?biu":
        np.copyto(copy, np.nan, where=np.isnan(copy))
    return copy


def same_bits(a: Any, b: Any) -> bool:
    """Tell whether dtype, shape and every bit are the same, where one NaN is as good as another."""
    a, b = one_nan(a), one_nan(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def numbers(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return finite numbers of every size, zeros of both signs and NaN (in a float dtype), or any integers.

    Most are multiples of 1/256 times a power of two, so that none is next to an irrational root, where an error counts
    in ULP of nearly nothing.
    """
    if dtype.kind in "?biu":
        low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        any_size = rng.integers(low, high, shape, np.int64 if dtype.kind == "b" else dtype, endpoint=True)
        return np.where(rng.random(shape) < 0.5, any_size, any_size % 8).astype(dtype)
    info = ml_dtypes.finfo(dtype)
    scale = rng.choice([2.0**-40, 2.0**-9, 1.0, 1.0, 1.0, 1.0, 4.0, 32.0, 256.0], shape)
    values = rng.integers(-1024, 1025, shape) / 256 * scale
    special = [0.0, -0.0, np.nan, 1.0, *(s * float(v) for s in (1, -1) for v in (info.max, info.tiny))]
    special += [float(info.smallest_subnormal), -float(info.smallest_subnormal)]
    return np.where(rng.random(shape) < 0.2, rng.choice(special, shape), values).astype(dtype)


def interpreter(code: str, **environment: str) -> str:
    """Run code in a fresh interpreter with warnings as errors; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
