"""How a function is declared: what it is, how it is computed, what a reader should know."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from actfn.functions.spelling import NONE, Names, Spelling, spellings

INFINITY = float("inf")

KERNELS = ("value", "first", "second")
WITH_KERNELS = ("elementwise", "expansion")
KINDS = ("elementwise", "simplex", "grouped", "gated", "channelwise", "expansion", "stochastic", "batchwise")
# The kinds whose every output depends on the input at its own place alone.
ELEMENT_BY_ELEMENT = ("elementwise", "expansion", "stochastic")
ROW_KERNELS = ("value", "vjp")


class Interval(NamedTuple):
    """A set of reals between two ends; an infinite end is closed only where infinity stands for no bound."""

    low: float = -INFINITY
    high: float = INFINITY
    low_closed: bool = False
    high_closed: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, (int, float)):
            return False
        above = value >= self.low if self.low_closed else value > self.low
        below = value <= self.high if self.high_closed else value < self.high
        return above and below

    def __str__(self) -> str:
        left = "[" if self.low_closed else "("
        right = "]" if self.high_closed else ")"
        return f"{left}{self.low:.15g}, {self.high:.15g}{right}"


REALS = Interval()
POSITIVE = Interval(0.0)
NON_NEGATIVE = Interval(0.0, low_closed=True)
EXTENDED = Interval(low_closed=True, high_closed=True)


class Parameter(NamedTuple):
    """A scalar or array that the function takes beside its input; no default means that it must be given.

    The example stands in for a value that must be given where one is needed to show the function. For a unit fraction the
    float64 nearest to 1/n means 1/n itself, as in hard_sigmoid, whose corners are at -3 and 3 for a slope of 1/6.
    """

    name: str
    default: float | int | str | None
    domain: Interval | tuple[str, ...]
    description: str
    example: Any = None
    unit_fraction: bool = False

    def denominator(self, value: float) -> int | None:
        """Return n where a value stands for 1/n, and None where it stands for itself."""
        n = round(1 / value) if self.unit_fraction and value and abs(1 / value) < 2**52 else 0
        return n if n and 1 / n == value else None


class Kink(NamedTuple):
    """A place where the derivative jumps: its slopes from the left and the right, and the one that is returned."""

    x: float
    left: float
    right: float
    chosen: float


class Declaration:
    """One function, as declared; everything else in the library is derived from it.

    Attributes
    ----------
    formula : callable
        The truth, as in the paper: ``formula(m, x, *parameters)`` over a namespace of mathematical operations.
    kernels : mapping of str to callable
        How it is computed: ``value``, ``first``, ``second`` and ``partial_<parameter>``, over the vocabulary; of a function of
        rows ``value``, ``vjp`` and ``partial_<parameter>``, over that of rows, unless its loops are written by hand.
    of_nothing : float or None
        What a function that gives one number for each row gives for a row without entries; None for one from row to row.
    mirror_of : str or None
        The function of rows that this one is of -x.
    names : mapping of str to tuple of Spelling
        How each framework that has it spells it, with the framework's own defaults.
    inputs : tuple of str
        What the formula takes before the parameters: ``x``, or ``gate`` and ``up``, or ``x`` and the noise.
    parts : mapping of str to Declaration
        The functions that a function of another kind is made of, by their roles.
    along_axis : bool
        Whether an axis must be chosen.
    """

    def __init__(
        self,
        body: type,
        kind: str,
        *,
        aliases: tuple[str, ...] = (),
        tags: tuple[str, ...] = (),
        papers: tuple[str, ...] = (),
        names: Names = NONE,
        parameters: tuple[Parameter, ...] = (),
        single_rounding: bool = False,
        double_suffices: bool = False,
        tuned: tuple[str, ...] = (),
        piecewise: tuple[str, ...] = (),
        hot: bool = True,
        float32_loops: bool = False,
        inverse_of: str | None = None,
        of_nothing: float | None = None,
        mirror_of: str | None = None,
    ) -> None:
        members = vars(body)
        self.members: Mapping[str, Any] = MappingProxyType(dict(members))
        self.name: str = body.__name__
        self.module: str = body.__module__
        self.kind = kind
        self.aliases = aliases
        self.tags = frozenset(tags)
        self.papers = papers
        self.names: Mapping[str, tuple[Spelling, ...]] = spellings(names)
        self.parameters: Mapping[str, Parameter] = MappingProxyType({p.name: p for p in parameters})
        self.single_rounding = single_rounding
        # Whether the kernels of rows need no pairs for results narrower than float64, since no difference is a result.
        self.double_suffices = double_suffices
        # The kernels that core/tuned.hpp and core/piecewise.hpp have for float32, for parameters at their defaults; of a gated function,
        # those of its gate.
        self.tuned = tuned
        self.piecewise = piecewise
        # Whether networks commonly use this function, as no inverse: its loops are then compiled for every use, else compact.
        self.hot = hot and inverse_of is None
        # Whether float32 has loops of its own for the value and its product although the function is compact.
        self.float32_loops = float32_loops
        self.inverse_of = inverse_of
        self.of_nothing = of_nothing
        self.reduces: bool = of_nothing is not None
        self.mirror_of = mirror_of
        self.summary = (inspect.getdoc(body) or "").split("\n")[0]
        self.formula: Callable[..., Any] = self._member(members, "formula")
        self.range: Callable[..., Interval] = self._member(members, "range")
        # Where the function is defined; that of an inverse follows from what it undoes.
        self.domain: Callable[..., Interval] = members.get("domain", lambda **parameters: REALS)
        self.kinks: Callable[..., tuple[Kink, ...]] = members.get("kinks", lambda **parameters: ())
        self.inverse: Callable[..., tuple[str, dict[str, Any]] | None] = members.get(
            "inverse", lambda **parameters: None
        )
        self.kernels: Mapping[str, Callable[..., Any]] = MappingProxyType(self._kernels(members))
        self.parts: Mapping[str, Declaration] = MappingProxyType(
            {name: part for name, part in members.items() if isinstance(part, Declaration)}
        )
        for role, part in self.parts.items():
            # One that is declared within another bears both names.
            if part.name == role:
                part.name = f"{self.name}_{role}"
        self.inputs: tuple[str, ...] = members.get("inputs", ("gate", "up") if kind == "gated" else ("x",))
        self.along_axis: bool = members.get("along_axis", kind not in ELEMENT_BY_ELEMENT)
        if not self.summary:
            raise TypeError(f"{self.name}: a declaration needs a docstring whose first line says what the function is")

    def _member(self, members: Mapping[str, Any], member: str) -> Callable[..., Any]:
        if not callable(members.get(member)):
            raise TypeError(f"{self.name}: a declaration needs a function called {member!r}")
        return members[member]  # type: ignore[no-any-return]

    def _kernels(self, members: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
        if self.kind not in WITH_KERNELS and not (self.kind == "simplex" and "value" in members):
            return {}
        kernels = ROW_KERNELS if self.kind == "simplex" else KERNELS
        names = [*kernels, *(f"partial_{parameter}" for parameter in self.parameters)]
        return {name: self._member(members, name) for name in names}

    @property
    def in_formula(self) -> tuple[str, ...]:
        """The parameters that the formula takes."""
        if self.kind == "elementwise":
            return tuple(self.parameters)
        taken = inspect.signature(self.formula).parameters
        return tuple(name for name in self.parameters if name in taken)

    def __repr__(self) -> str:
        return f"<declaration of {self.name}>"


def elementwise(**facts: Any) -> Callable[[type], Declaration]:
    """Declare a function of one number and its scalar parameters."""
    return lambda body: Declaration(body, "elementwise", **facts)


def simplex(**facts: Any) -> Callable[[type], Declaration]:
    """Declare a function from a row to a row of the same length, or to one number."""
    return lambda body: Declaration(body, "simplex", **facts)


def grouped(**facts: Any) -> Callable[[type], Declaration]:
    """Declare a function that takes several inputs to one."""
    return lambda body: Declaration(body, "grouped", **facts)


def gated(**facts: Any) -> Callable[[type], Declaration]:
    """Declare the product of a function of the gate and one of what it lets through; both are elementwise declarations.

    The class has ``gate`` and ``up``, whose parameters bear the names of its own.
    """
    return lambda body: Declaration(body, "gated", **facts)


def channelwise(**facts: Any) -> Callable[[type], Declaration]:
    """Declare a function that treats the channels along an axis, or copies of them, in two ways."""
    return lambda body: Declaration(body, "channelwise", **facts)


def expansion(**facts: Any) -> Callable[[type], Declaration]:
    """Declare an elementwise function that is a sum over learnt coefficients; its kernels take lists of them."""
    return lambda body: Declaration(body, "expansion", **facts)


def stochastic(**facts: Any) -> Callable[[type], Declaration]:
    """Declare a function that noise is drawn for."""
    return lambda body: Declaration(body, "stochastic", **facts)


def batchwise(**facts: Any) -> Callable[[type], Declaration]:
    """Declare a function that depends on the mean and variance of a batch."""
    return lambda body: Declaration(body, "batchwise", **facts)
