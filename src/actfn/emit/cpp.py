"""Print the kernels of declarations as C++ loops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from actfn.functions.declare import Declaration
from actfn.trace import Graph, Node, needed, trace

INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "and": "&",
    "or": "|",
}


# The chains of so many elements, `stretch` apart, are interleaved by the compiler's scheduler: one alone leaves the units waiting.
COPIES = 4


class Ufunc(NamedTuple):
    """A ufunc of a declaration: its name, what it takes, the graph of its results, and their kernels by hand for float32."""

    name: str
    kernels: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    results: tuple[Node, ...]
    tuned: tuple[str | None, ...]
    piecewise: tuple[str, ...]
    defaults: tuple[float, ...]
    interleaved: bool


def ufuncs(declaration: Declaration) -> Iterator[Ufunc]:
    """Yield every ufunc that is compiled for an elementwise declaration."""
    name, parameters = declaration.name, tuple(declaration.parameters)

    def build(suffix: str, kernels: tuple[str, ...], times_g: bool = False) -> Ufunc:
        graph, results = trace(declaration, kernels)
        if times_g:
            results = [graph.input("g") * result for result in results]
        tuned = tuple(_tuned(declaration, kernel, times_g) for kernel in kernels)
        piecewise = tuple(_piece(name, kernel) for kernel in kernels if kernel in declaration.piecewise)
        defaults = tuple(
            p.default if isinstance(p.default, float) else math.nan for p in declaration.parameters.values()
        )
        # What programs rarely wait for stays small: derivatives by a parameter, and of compact functions what has short chains or is
        # by hand but for a few numbers.
        short = not declaration.hot and (bool(piecewise) or declaration.single_rounding)
        interleaved = not short and not any(kernel.startswith("partial_") for kernel in kernels)
        inputs = ("x", "g") if times_g else ("x",)
        return Ufunc(
            name + suffix, kernels, inputs, parameters, tuple(results), tuned, piecewise, defaults, interleaved
        )

    yield build("", ("value",))
    yield build("_d1", ("first",))
    yield build("_d2", ("second",))
    yield build("_vjp", ("first",), times_g=True)
    yield build("_value_d1", ("value", "first"))
    for parameter in parameters:
        yield build(f"_d_{parameter}", (f"partial_{parameter}",))
        yield build(f"_vjp_{parameter}", (f"partial_{parameter}",), times_g=True)


def gates(declaration: Declaration) -> Iterator[Ufunc]:
    """Yield the ufuncs of a gated declaration: its value, and the products of g with its derivatives by gate and up."""
    parts = declaration.parts
    parameters = tuple(p for p in declaration.parameters if any(p in part.parameters for part in parts.values()))
    graph = Graph()

    def factor(role: str, kernel: str) -> Node:
        if parts[role].name == "identity":
            return graph.input(role) if kernel == "value" else graph.node(1.0)
        given = (graph.input(p) for p in parts[role].parameters)
        found = graph.apply(parts[role], kernel, graph.input(role), *given)
        # What is next to nothing beside all numbers of float32 must be nothing beside infinity.
        return graph.where(graph.abs(found) > 1e-130, found, 0.0 * found)

    def build(suffix: str, inputs: tuple[str, ...], results: tuple[Node, ...]) -> Ufunc:
        by_hand = (None,) * len(results)
        given = tuple(float(declaration.parameters[p].default or math.nan) for p in parameters)
        # Two functions in one loop are long enough.
        alone = parts["up"].name == "identity"
        kernels = ("value", "first") if len(results) == 2 else ("value",)
        pieces = tuple(_piece(parts["gate"].name, kernel) for kernel in kernels if kernel in declaration.piecewise)
        return Ufunc(
            declaration.name + suffix,
            (),
            inputs,
            parameters,
            results,
            by_hand,
            pieces,
            given,
            interleaved=alone,
        )

    opening, passing, g = factor("gate", "value"), factor("up", "value"), graph.input("g")
    yield build("", ("gate", "up"), (opening * passing,))
    products = factor("gate", "first") * (passing * g), factor("up", "first") * (opening * g)
    yield build("_vjp", ("gate", "up", "g"), products)


def _piece(name: str, kernel: str) -> str:
    return f"piecewise::{name}{'' if kernel == 'value' else '_' + kernel}"


def _tuned(declaration: Declaration, kernel: str, times_g: bool) -> str | None:
    """Return how a result is computed by a hand-written kernel from ``x`` and ``g``, or None."""
    if kernel not in declaration.tuned:
        return None
    if times_g:
        return f"tuned::{declaration.name}_vjp({{x}}, {{g}})"
    return f"tuned::{declaration.name}{'' if kernel == 'value' else '_' + kernel}({{x}})"


def number(text: str) -> str:
    """Return a literal of the kernel's number type."""
    return f"T({_double(float(text))})"


def _double(value: float) -> str:
    if math.isnan(value):
        return '__builtin_nan("")'
    if math.isinf(value):
        return "__builtin_inf()" if value > 0 else "-__builtin_inf()"
    return value.hex()


def selection(condition: Node, chosen: str, otherwise: str, names: dict[int, str]) -> str:
    """Return a select with one for each mask that a condition is made of: GCC 12 vectorises few selects by a joined one."""
    if condition.operation not in ("and", "or"):
        return f"M::select({names[id(condition)]}, {chosen}, {otherwise})"
    first, second = condition.arguments
    inner = selection(second, chosen, otherwise, names)
    if condition.operation == "and":
        return selection(first, inner, otherwise, names)
    return selection(first, chosen, inner, names)


def expression(node: Node, names: dict[int, str], compact: bool = False) -> str:
    """Return one node as a C++ expression over the names of its arguments."""
    arguments = [names[id(argument)] for argument in node.arguments]
    pairs = any(argument.kind == "pair" for argument in node.arguments)
    if node.operation == "constant":
        high, low = node.value
        return f"M::constant({high.hex()}, {low.hex()})"
    if node.operation == "where" and compact:
        _, chosen, otherwise = arguments
        return selection(node.arguments[0], chosen, otherwise, names)
    if node.operation == "where":
        return f"M::select({', '.join(arguments)})"
    if node.operation in INFIX and not pairs:
        return f"{arguments[0]} {INFIX[node.operation]} {arguments[1]}"
    if node.operation == "negative" and not pairs:
        return f"-{arguments[0]}"
    return f"M::{node.operation}({', '.join(arguments)})"


def loop(ufunc: Ufunc) -> str:
    """Return the C++ template of one ufunc's contiguous loop."""
    return _loop(ufunc, "template <class M, class E, bool scalars>", tuned=False)


def tuned_loop(ufunc: Ufunc) -> str:
    """Return the C++ function of one ufunc's contiguous loop over float32, for parameters at their defaults."""
    return _loop(ufunc, "", tuned=True)


def compact_loop(declaration: Declaration, kernel: str) -> str:
    """Return the C++ template of a compact function's loop for one kernel: over blocks of doubles, a parameter for each."""
    _, results = trace(declaration, [kernel])
    name, parameters = f"{declaration.name}_{kernel}", tuple(declaration.parameters)
    none = (math.nan,) * len(parameters)
    ufunc = Ufunc(name, (kernel,), ("x",), parameters, tuple(results), (None,), (), none, interleaved=False)
    return _loop(ufunc, "template <class M>", tuned=False, compact=True)


def defaults(ufunc: Ufunc) -> str:
    """Return the C++ class of a ufunc's default parameters."""
    numbers = [_double(value) for value in ufunc.defaults]
    conditions = [f"parameters[{p}][i] == {value}" for p, value in enumerate(numbers)]
    return f"""struct {ufunc.name} {{
    static constexpr double numbers[] = {{{", ".join(numbers)}}};
    static constexpr const double* all[] = {{{", ".join(f"numbers + {p}" for p in range(len(conditions)))}}};
    static bool at(const double* const* parameters, std::ptrdiff_t i) {{ return {" && ".join(conditions)}; }}
}};"""


def _loop(ufunc: Ufunc, template: str, *, tuned: bool, compact: bool = False) -> str:
    results = [node for node, by_hand in zip(ufunc.results, ufunc.tuned) if not (tuned and by_hand)]
    wanted = needed(results)
    nodes = ufunc.results[0].graph.nodes
    used = {node.value for node in nodes if node.operation == "input" and id(node) in wanted}
    if tuned:
        used |= {*ufunc.inputs}
    count = len(ufunc.inputs)
    given = [] if tuned else [p for p in ufunc.parameters if p in used]
    before = [
        *(
            f"const E* const {x}_data = static_cast<const E*>(data[{i}]);"
            for i, x in enumerate(ufunc.inputs)
            if x in used
        ),
        *(f"E* const result{i} = static_cast<E*>(data[{count + i}]);" for i in range(len(ufunc.results))),
        *(f"const double* const {p}_data = parameters[{i}];" for i, p in enumerate(ufunc.parameters) if p in given),
        *(f"const double {p}_scalar = {p}_data[0];" for p in given if not compact),
    ]
    lines = [
        *([template] if template else []),
        f"[[gnu::flatten]] void {ufunc.name}(void* const* data, [[maybe_unused]] const double* const* parameters, std::ptrdiff_t n) {{",
        *(["    using M = wide;", "    using E = float;"] if tuned else []),
        *(["    using E = double;"] if compact else []),
        f"    using T [[maybe_unused]] = {'' if tuned else 'typename '}M::T;",
        *(f"    {line}" for line in before),
        "    std::ptrdiff_t start = 0;",
        *(_side_by_side(ufunc, used, tuned) if ufunc.interleaved else []),
        "#pragma GCC ivdep",
        "    for (std::ptrdiff_t i = start; i < n; ++i) {",
        *(f"        {line}" for line in _body(ufunc, used, ["i"], tuned, compact)),
        "    }",
        "}",
    ]
    return "\n".join(lines)


def _side_by_side(ufunc: Ufunc, used: set[str], tuned: bool) -> list[str]:
    """Return the loop that computes several elements in one body, for parameters that are one number each.

    Without multiply-add a machine is too old for anyone to wait for its loops.
    """
    indices = ["i", *(f"i + {copy} * stretch" for copy in range(1, COPIES))]
    # In float64 the longest loops, of two results, and those of second derivatives take one: the package must stay small.
    long = len(ufunc.results) > 1 or ufunc.kernels == ("second",)
    guard = "scalars && has_fma" + (" && sizeof(E) == sizeof(float)" if long else "")
    return [
        *([] if tuned else [f"    if constexpr ({guard})"]),
        f"    for (; start + {COPIES} * stretch <= n; start += {COPIES} * stretch) {{",
        "#pragma GCC ivdep",
        "        for (std::ptrdiff_t i = start; i < start + stretch; ++i) {",
        *(f"            {line}" for line in _body(ufunc, used, indices, tuned)),
        "        }",
        "    }",
    ]


def _body(ufunc: Ufunc, used: set[str], indices: list[str], tuned: bool, compact: bool = False) -> list[str]:
    """Return the statements for the elements at some indices: all loads, then the arithmetic, then all stores."""
    loads: list[str] = []
    arithmetic: list[str] = []
    stores: list[str] = []
    by_hand = ufunc.tuned if tuned else (None,) * len(ufunc.results)
    wanted = needed([node for node, call in zip(ufunc.results, by_hand) if call is None])
    for copy, index in enumerate(indices):
        names: dict[int, str] = {}
        for x in ufunc.inputs:
            if x in used:
                loads.append(f"const E {x}_given{copy} = {x}_data[{index}];")
                loads.append(f"[[maybe_unused]] const T {x}{copy} = {x}_given{copy};")
        for p, default in zip(ufunc.parameters, ufunc.defaults):
            if p in used:
                one_for_each = f"{p}_data[{index}]"
                value = (
                    default.hex() if tuned else one_for_each if compact else f"scalars ? {p}_scalar : {one_for_each}"
                )
                loads.append(f"const T {p}{copy} = static_cast<T>({value});")
        for place, node in enumerate(ufunc.results[0].graph.nodes):
            if id(node) not in wanted:
                continue
            if node.operation == "input":
                names[id(node)] = f"{node.value}{copy}"
            elif node.operation == "literal":
                names[id(node)] = number(node.value)
            else:
                names[id(node)] = f"t{place}_{copy}"
                unused = "[[maybe_unused]] " if compact and node.operation in ("and", "or") else ""
                arithmetic.append(f"{unused}const auto {names[id(node)]} = {expression(node, names, compact)};")
        for i, (node, call) in enumerate(zip(ufunc.results, by_hand)):
            if call is not None:
                given = {x: f"{x}_given{copy}" for x in ufunc.inputs}
                arithmetic.append(f"const float y{i}_{copy} = {call.format(**given)};")
                stores.append(f"result{i}[{index}] = single::one_nan(y{i}_{copy});")
            else:
                stores.append(f"result{i}[{index}] = static_cast<E>(M::one_nan({names[id(node)]}));")
    return loads + arithmetic + stores
