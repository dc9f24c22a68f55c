"""The tracer: a kernel called with this namespace returns the graph of what it computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from actfn.functions.declare import Declaration

NUMBER, PAIR, MASK = "number", "pair", "mask"

# What each operation of the vocabulary takes (a pair's place also takes a number) and gives.
FUNCTIONS = {
    "abs": ((NUMBER,), NUMBER),
    "sqrt": ((NUMBER,), NUMBER),
    "exp": ((NUMBER,), NUMBER),
    "expm1": ((NUMBER,), NUMBER),
    "log": ((NUMBER,), NUMBER),
    "log1p": ((NUMBER,), NUMBER),
    "tanh": ((NUMBER,), NUMBER),
    "sin": ((NUMBER,), NUMBER),
    "cos": ((NUMBER,), NUMBER),
    "atan": ((NUMBER,), NUMBER),
    "nearest": ((NUMBER,), NUMBER),
    "minimum": ((NUMBER, NUMBER), NUMBER),
    "maximum": ((NUMBER, NUMBER), NUMBER),
    "copysign": ((NUMBER, NUMBER), NUMBER),
    "round": ((PAIR,), NUMBER),
    "high": ((PAIR,), NUMBER),
    "pair": ((NUMBER,), PAIR),
    "sum": ((NUMBER, NUMBER), PAIR),
    "product": ((NUMBER, NUMBER), PAIR),
    "exp_pair": ((PAIR, NUMBER), PAIR),
    "exp_precise": ((PAIR, NUMBER), PAIR),
    "expm1_pair": ((PAIR,), PAIR),
    "log_pair": ((PAIR,), PAIR),
    "log1p_pair": ((PAIR,), PAIR),
    "quadrant": ((NUMBER, NUMBER), NUMBER),
    "angle": ((NUMBER, NUMBER), PAIR),
    "sin_pair": ((PAIR,), PAIR),
    "cos_pair": ((PAIR,), PAIR),
    "atan_pair": ((PAIR,), PAIR),
    "sticky": ((NUMBER,), NUMBER),
    "odd_product": ((NUMBER, NUMBER), NUMBER),
    "deep": ((NUMBER,), MASK),
}


class Node:
    """One value of a kernel: an operation and its arguments, or an input, or a constant."""

    __slots__ = ("arguments", "graph", "kind", "operation", "value")

    def __init__(self, graph: Graph, operation: str, arguments: tuple[Node, ...], kind: str, value: Any = None) -> None:
        self.graph, self.operation, self.arguments, self.kind, self.value = graph, operation, arguments, kind, value

    def _binary(self, operation: str, other: Any, swapped: bool = False, kind: str | None = None) -> Node:
        other = self.graph.node(other)
        arguments = (other, self) if swapped else (self, other)
        if kind is None:
            kind = PAIR if PAIR in (self.kind, other.kind) else NUMBER
        return self.graph.make(operation, arguments, kind)

    def __add__(self, other: Any) -> Node:
        return self._binary("add", other)

    def __radd__(self, other: Any) -> Node:
        return self._binary("add", other, swapped=True)

    def __sub__(self, other: Any) -> Node:
        return self._binary("subtract", other)

    def __rsub__(self, other: Any) -> Node:
        return self._binary("subtract", other, swapped=True)

    def __mul__(self, other: Any) -> Node:
        return self._binary("multiply", other)

    def __rmul__(self, other: Any) -> Node:
        return self._binary("multiply", other, swapped=True)

    def __truediv__(self, other: Any) -> Node:
        return self._binary("divide", other)

    def __rtruediv__(self, other: Any) -> Node:
        return self._binary("divide", other, swapped=True)

    def __neg__(self) -> Node:
        return self.graph.make("negative", (self,), self.kind)

    def __lt__(self, other: Any) -> Node:
        return self._binary("less", other, kind=MASK)

    def __le__(self, other: Any) -> Node:
        return self._binary("less_equal", other, kind=MASK)

    def __gt__(self, other: Any) -> Node:
        return self._binary("less", other, swapped=True, kind=MASK)

    def __ge__(self, other: Any) -> Node:
        return self._binary("less_equal", other, swapped=True, kind=MASK)

    def __eq__(self, other: object) -> Node:  # type: ignore[override]
        return self._binary("equal", other, kind=MASK)

    def __and__(self, other: Any) -> Node:
        return self if other is True else self._binary("and", other, kind=MASK)

    def __or__(self, other: Any) -> Node:
        return self if other is False else self._binary("or", other, kind=MASK)

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise TypeError("a kernel is straight-line code: select with m.where instead of `if`, `and`, `or` and `not`")


class Graph:
    """The namespace ``m`` that records: nodes in the order of their making, equal ones only once."""

    # Where sums over coefficients go on in one number, before the square of x overflows.
    far = 2.0**480

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[tuple[Any, ...], Node] = {}

    def make(self, operation: str, arguments: tuple[Node, ...], kind: str, value: Any = None) -> Node:
        key = (operation, value, *map(id, arguments))
        if key not in self._known:
            self._known[key] = Node(self, operation, arguments, kind, value)
            self.nodes.append(self._known[key])
        return self._known[key]

    def node(self, value: Any) -> Node:
        if isinstance(value, Node):
            return value
        return self.make("literal", (), NUMBER, repr(float(value)))

    def number(self, value: Any) -> Node:
        node = self.node(value)
        return node if node.kind == NUMBER else self.make("round", (node,), NUMBER)

    def input(self, name: str) -> Node:
        return self.make("input", (), NUMBER, name)

    def apply(self, declaration: Declaration, kernel: str, x: Any, *parameters: Any) -> Node:
        """Return a kernel of another function, written out."""
        return self.number(declaration.kernels[kernel](self, x, *parameters))

    def constant(self, decimal: str) -> Node:
        """Return a constant that a pair holds to 106 bits."""
        exact = Fraction(decimal)
        high = float(exact)
        return self.make("constant", (), PAIR, (high, float(exact - Fraction(high))))

    def where(self, condition: Node | bool, chosen: Any, otherwise: Any) -> Node:
        if isinstance(condition, bool):
            return self.node(chosen if condition else otherwise)
        chosen, otherwise = self.node(chosen), self.node(otherwise)
        if PAIR in (chosen.kind, otherwise.kind):
            chosen, otherwise = self._as_pair(chosen), self._as_pair(otherwise)
        return self.make("where", (condition, chosen, otherwise), chosen.kind)

    def polynomial(self, x: Any, coefficients: Sequence[float], short: Sequence[float] = ()) -> Node:
        """Return the polynomial with these coefficients, lowest first, unrolled; for float32 results the short one, if any."""
        result = self._horner(x, coefficients)
        return self.make("polynomial", (self._horner(x, short), result), NUMBER) if short else result

    def _horner(self, x: Any, coefficients: Sequence[float]) -> Node:
        result = self.node(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = self.make("fused", (result, self.node(x), self.node(coefficient)), NUMBER)
        return result

    def _as_pair(self, node: Node) -> Node:
        return node if node.kind == PAIR else self.make("pair", (node,), PAIR)

    def __getattr__(self, operation: str) -> Callable[..., Node]:
        if operation not in FUNCTIONS:
            raise AttributeError(f"the vocabulary has no operation {operation!r}; it has {', '.join(FUNCTIONS)}")
        kinds, result = FUNCTIONS[operation]

        def make(*arguments: Any) -> Node:
            nodes = tuple(map(self.node, arguments))
            given = tuple(node.kind for node in nodes)
            if len(nodes) != len(kinds) or any(g not in (k, NUMBER) for g, k in zip(given, kinds)):
                raise TypeError(f"m.{operation} takes {', '.join(kinds)}, not {', '.join(given) or 'nothing'}")
            taken = (self._as_pair(node) if kind == PAIR else node for node, kind in zip(nodes, kinds))
            return self.make(operation, tuple(taken), result)

        return make


def needed(results: Sequence[Node]) -> set[int]:
    """Return the identities of the nodes that the results depend on."""
    found: set[int] = set()
    pending = list(results)
    while pending:
        node = pending.pop()
        if id(node) not in found:
            found.add(id(node))
            pending.extend(node.arguments)
    return found


def trace(declaration: Declaration, kernels: Sequence[str]) -> tuple[Graph, list[Node]]:
    """Run kernels of a declaration on one tracer; return the graph and the nodes of their results."""
    graph = Graph()
    inputs = [graph.input(name) for name in ("x", *declaration.parameters)]
    return graph, [graph.number(declaration.kernels[kernel](graph, *inputs)) for kernel in kernels]


def operations(declaration: Declaration, kernel: str) -> int:
    """Count the operations of a kernel: the cost that the documentation states."""
    graph, results = trace(declaration, [kernel])
    wanted = needed(results)
    return sum(id(n) in wanted and n.operation not in ("input", "literal", "constant") for n in graph.nodes)
