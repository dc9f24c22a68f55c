"""Textbook code: a formula, or what SymPy makes of its derivative, run as it stands in a floating-point format.

The declared formula is the right definition and often the wrong program. Here it runs in NumPy, without any care, and what
comes out is set beside what actfn returns in the same format.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from actfn import formula
from actfn.curves import check_orders, check_range

if TYPE_CHECKING:
    from actfn.activation import Activation

FORMATS = ("float16", "float32", "float64")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SAMPLES = 2401  # how many points are tried, evenly and again towards 0
BISECTIONS = 40
CLOSE = (
    0.02  # stretches of one fault nearer than this share of the range are one: rounding spares a number here and there
)
NARROW = 0.002
REACHES = {"float16": 30.0, "float32": 120.0, "float64": 800.0}  # beyond these nothing new happens to exponentials


WORDS = {
    "en": {
        "nan": "NaN",
        "overflow": "infinite",
        "zero": "0 instead of its value",
        "cancellation": "cancels: most digits wrong",
        "above": "{what} for x > {low}",
        "below": "{what} for x < {high}",
        "between": "{what} for {low} < x < {high}",
        "everywhere": "{what} everywhere here",
    },
    "zh": {
        "nan": "结果是 NaN",
        "overflow": "溢出为无穷",
        "zero": "结果变成 0",
        "cancellation": "因相消丢失大半有效数字",
        "above": "x > {low} 时{what}",
        "below": "x < {high} 时{what}",
        "between": "{low} < x < {high} 时{what}",
        "everywhere": "整个范围内{what}",
    },
}


@dataclass(frozen=True)
class Fault:
    """A stretch on which textbook code goes wrong.

    Attributes
    ----------
    kind : {"nan", "overflow", "zero", "cancellation"}
        It gives NaN, or an infinity, or 0, where the function does not; or more than half of the digits are wrong.
    low, high : float
        Where; an end is that of the range where nothing changes up to there.
    """

    kind: str
    low: float
    high: float


@dataclass(frozen=True)
class Textbook:
    """Textbook code and actfn at the same points.

    Attributes
    ----------
    order : int
        0 for the formula, 1 and 2 for its derivatives.
    dtype : numpy.dtype
    x : ndarray of float64
        The points, each a number of the format.
    y, right : ndarray of float64
        What the textbook code and what actfn gives there.
    faults : tuple of Fault
        Where it goes wrong, from left to right.
    """

    order: int
    dtype: np.dtype[Any]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    right: NDArray[np.float64]
    faults: tuple[Fault, ...]

    def told(self, fault: Fault, language: str = "en") -> str:
        """Return what goes wrong and where, in words.

        Examples
        --------
        >>> import actfn
        >>> code = textbook(actfn.softplus, low=0, high=100)
        >>> code.told(code.faults[0])
        'infinite for x > 88.72'
        """
        words = WORDS[language]
        left, right = fault.low <= self.x[0], fault.high >= self.x[-1]
        where = "everywhere" if left and right else "below" if left else "above" if right else "between"
        low, high = (self._number(end) for end in (fault.low, fault.high))
        return words[where].format(what=words[fault.kind], low=low, high=high)

    def _number(self, end: float) -> str:
        """Return a number as people write it; the subnormal numbers beside 0 are as good as 0."""
        mantissa, _, exponent = f"{end if abs(end) >= np.finfo(self.dtype).tiny else 0:.4g}".partition("e")
        power = f" × 10{str(int(exponent)).translate(SUPERSCRIPTS)}" if exponent else ""
        return f"{mantissa}{power}".replace("-", "−")

    def digits(self) -> NDArray[np.float64]:
        """Return how many decimal digits of each result are right: at most as many as the format has, 0 for NaN."""
        information = np.finfo(self.dtype)
        error = np.maximum(_error(self.y, self.right, self.dtype), float(information.eps) / 2)
        digits: NDArray[np.float64] = -np.log10(np.minimum(np.nan_to_num(error, nan=1.0), 1.0)) + 0.0
        return digits


def check_format(dtype: DTypeLike) -> np.dtype[Any]:
    """Return a format that textbook code is run in; raise ValueError for another one."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.name not in FORMATS:
        raise ValueError(f"textbook code runs in {', '.join(FORMATS)}, not in {dtype!r}")
    return found


def textbook(
    activation: Activation,
    dtype: DTypeLike = "float32",
    order: int = 0,
    low: float = -6.0,
    high: float = 6.0,
    **parameters: Any,
) -> Textbook:
    """Run the formula of a function, or its derivative as SymPy writes it, in a floating-point format.

    A row is ``(x, 0)`` and its first component is looked at; maxout has no formula that could go wrong.

    Parameters
    ----------
    activation : Activation
        Elementwise, or a function of rows.
    dtype : {"float16", "float32", "float64"}
    order : int
        0, 1 or 2; derivatives need SymPy. Of rows the formula only, order 0.
    low, high : float
        The range of x.
    **parameters
        The function's parameters; one without a default has its example's value.

    Returns
    -------
    Textbook

    Raises
    ------
    ValueError
        For another format, a bad range or order, or a function without such a formula.

    Examples
    --------
    >>> import actfn
    >>> [(fault.kind, round(fault.low, 2), round(fault.high, 2)) for fault in textbook(actfn.mish, low=-30, high=30).faults]
    [('zero', -30.0, -16.64), ('cancellation', -16.64, -8.77)]
    >>> [fault.kind for fault in textbook(actfn.softmax, low=0.0, high=100.0).faults]
    ['nan']
    """
    format_, (low, high) = check_format(dtype), check_range(low, high)
    check_orders((order,))
    program, right = _program(activation, format_, order, parameters)

    def tried(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with np.errstate(all="ignore"):
            rounded = x.astype(format_)
            shape = np.zeros_like(x)
            return shape + np.asarray(program(rounded), dtype=np.float64), np.asarray(right(rounded), dtype=np.float64)

    sizes = np.geomspace(float(np.finfo(format_).tiny), max(abs(low), abs(high)), SAMPLES // 2)
    points = np.concatenate([np.linspace(low, high, SAMPLES), sizes, -sizes])
    x = np.unique(points[(points >= low) & (points <= high)].astype(format_).astype(np.float64))
    y, exact = tried(x)
    return Textbook(order, format_, x, y, exact, _faults(x, _kinds(y, exact, format_), tried, format_))


def _program(
    activation: Activation, dtype: np.dtype[Any], order: int, parameters: dict[str, Any]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the textbook code, and what is right, as functions of an array."""
    declaration = activation._declaration
    namespace = Namespace(dtype)
    if activation.kind == "simplex" and order == 0 and not formula.has_threshold(declaration):
        first: Any = ... if declaration.reduces else 0

        def row(x: Any) -> Any:
            return np.stack([x, np.zeros_like(x)])

        return lambda x: declaration.formula(namespace, row(x))[first], lambda x: activation(row(x), axis=0)[first]
    if activation.kind != "elementwise":
        which = "derivatives of one number; draw its value, order 0, alone" if order else "formula that could be run"
        raise ValueError(f"{activation.name} has no textbook {which}")
    missing = {key: item.example for key, item in activation.parameters.items() if item.default is None}
    function = activation.with_parameters(**{**missing, **parameters})
    values = [dtype.type(item.default) for item in function.parameters.values()]
    if order == 0:
        return lambda x: declaration.formula(namespace, x, *values), function
    sympy = formula.sympy_module()
    written = formula.expression(declaration, order)
    names = {made.func.__name__ for made in written.atoms(sympy.Function)} - {"Piecewise"} | {"sqrt", "exp"}
    functions = {**{name: getattr(namespace, name.lower()) for name in names}, "select": namespace.select}
    program = sympy.lambdify(formula.symbols(declaration), written, modules=[functions, "numpy"])
    return lambda x: program(x, *values), lambda x: function.derivative(x, order=order)


class Namespace:
    """The namespace in which a formula is a program: NumPy's own functions, every number in one format."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype, self.pi = dtype, dtype.type(np.pi)

    def number(self, decimal: str) -> Any:
        return self.dtype.type(decimal)

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        return np.where(condition, self._typed(chosen), self._typed(otherwise))

    def select(self, conditions: Any, choices: Any, default: Any) -> Any:
        return np.select(conditions, [self._typed(choice) for choice in choices], self._typed(default))

    def total(self, x: Any) -> Any:
        return np.sum(x, axis=0, dtype=self.dtype)

    def mean(self, x: Any) -> Any:
        return np.mean(x, axis=0, dtype=self.dtype)

    def top(self, x: Any) -> Any:
        return np.max(x, axis=0)

    def erf(self, x: Any) -> Any:
        return np.vectorize(math.erf, otypes=[np.float64])(x).astype(self.dtype)  # NumPy has none

    def log1p(self, x: Any) -> Any:
        return np.log(self._typed(1 + x))

    def erfc(self, x: Any) -> Any:
        return np.vectorize(math.erfc, otypes=[np.float64])(x).astype(self.dtype)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(np, name)
        return lambda *arguments: function(*map(self._typed, arguments))

    def _typed(self, value: Any) -> Any:
        return np.asarray(value, dtype=self.dtype)


def _error(y: Any, right: Any, dtype: np.dtype[Any]) -> NDArray[np.float64]:
    """Return relative errors; one unit is free where the results are subnormal."""
    with np.errstate(all="ignore"):
        free = float(np.finfo(dtype).smallest_subnormal)
        error = np.maximum(np.abs(y - right) - free, 0.0) / np.abs(right)
    found: NDArray[np.float64] = np.where((y == right) | (np.isnan(y) & np.isnan(right)), 0.0, error)
    return found


def _kinds(y: Any, right: Any, dtype: np.dtype[Any]) -> list[str]:
    """Return what is wrong with each result, or nothing; the smallest subnormal numbers have no digits to judge by."""
    half = float(np.finfo(dtype).eps) ** 0.5
    told = np.fmax(np.abs(y), np.abs(right)) >= float(np.finfo(dtype).smallest_subnormal) / half
    spoilt = told & (_error(y, right, dtype) > half)
    kinds = np.where(spoilt, "cancellation", "")
    kinds = np.where(spoilt & (y == 0), "zero", kinds)
    kinds = np.where(np.isinf(y) & np.isfinite(right), "overflow", kinds)
    kinds = np.where(np.isnan(y) & ~np.isnan(right), "nan", kinds)
    return [str(kind) for kind in kinds]


def _faults(
    x: Any, kinds: list[str], tried: Callable[[Any], tuple[Any, Any]], dtype: np.dtype[Any]
) -> tuple[Fault, ...]:
    """Return the stretches of one fault, with their ends found by bisection."""
    runs, start = [], 0
    for kind, members in groupby(kinds):
        stop = start + len(list(members)) - 1
        runs.append((kind, start, stop))
        start = stop + 1

    def boundary(left: int, right: int) -> float:
        """Return where the fault of the right point begins."""
        low, high = x[left], x[right]
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            y, exact = tried(np.array([middle]))
            (kind,) = _kinds(y, exact, dtype)
            low, high = (low, middle) if kind == kinds[right] else (middle, high)
        return float((low + high) / 2)

    found = [
        Fault(
            kind,
            float(x[0]) if start == 0 else boundary(start - 1, start),
            float(x[-1]) if stop == len(x) - 1 else boundary(stop, stop + 1),
        )
        for kind, start, stop in runs
        if kind and (stop > start or kind != "cancellation")  # at a kink either side may be chosen
    ]
    return _joined(found, float(x[-1] - x[0]))


def _joined(faults: list[Fault], width: float) -> tuple[Fault, ...]:
    """Return faults in which neighbours of one kind are one, and a narrow loss of digits belongs to the wide one beside it."""
    joined: list[Fault] = []
    for fault in faults:
        before = joined[-1] if joined else None
        if before and fault.low - before.high <= CLOSE * width:
            wide = max(before, fault, key=lambda one: one.high - one.low)
            narrow = min(before.high - before.low, fault.high - fault.low) <= NARROW * width
            if before.kind == fault.kind or (narrow and {before.kind, fault.kind} == {"zero", "cancellation"}):
                joined[-1] = Fault(wide.kind, before.low, fault.high)
                continue
        joined.append(fault)
    return tuple(joined)


def view(faults: Iterable[Fault], dtype: DTypeLike) -> tuple[float, float]:
    """Return a range of x that shows -6 to 6 and where faults begin and end within reach of the format's exponentials."""
    reach = REACHES[check_format(dtype).name]
    ends = [end for fault in faults for end in (fault.low, fault.high) if -reach < end < reach]
    low, high = min(-6.0, *ends, 0.0), max(6.0, *ends, 0.0)
    room = 0.1 * (high - low)
    return (low - room if low < -6 else low), (high + room if high > 6 else high)
