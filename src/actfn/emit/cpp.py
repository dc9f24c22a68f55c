"""Print the kernels of declarations as C++: one loop for each ufunc and precision, and the table of them all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from actfn.functions.declare import Declaration
from actfn.trace import Node, needed, trace

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


class Ufunc(NamedTuple):
    """A ufunc of a declaration: its name, what it takes, and the graph of its results."""

    name: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    results: tuple[Node, ...]


def ufuncs(declaration: Declaration) -> Iterator[Ufunc]:
    """Yield every ufunc that is compiled for an elementwise declaration."""
    name, parameters = declaration.name, tuple(declaration.parameters)

    def build(suffix: str, kernels: tuple[str, ...], times_g: bool = False) -> Ufunc:
        graph, results = trace(declaration, kernels)
        if times_g:
            results = [graph.input("g") * result for result in results]
        return Ufunc(name + suffix, ("x", "g") if times_g else ("x",), parameters, tuple(results))

    yield build("", ("value",))
    yield build("_d1", ("first",))
    yield build("_d2", ("second",))
    yield build("_vjp", ("first",), times_g=True)
    yield build("_value_d1", ("value", "first"))
    for parameter in parameters:
        yield build(f"_d_{parameter}", (f"partial_{parameter}",))
        yield build(f"_vjp_{parameter}", (f"partial_{parameter}",), times_g=True)


def number(text: str) -> str:
    """Return a literal of the kernel's number type."""
    value = float(text)
    if math.isnan(value):
        return 'T(__builtin_nan(""))'
    if math.isinf(value):
        return "T(__builtin_inf())" if value > 0 else "T(-__builtin_inf())"
    return f"T({value.hex()})"


def expression(node: Node, names: dict[int, str]) -> str:
    """Return one node as a C++ expression over the names of its arguments."""
    arguments = [names[id(argument)] for argument in node.arguments]
    pairs = any(argument.kind == "pair" for argument in node.arguments)
    if node.operation == "constant":
        high, low = node.value
        return f"M::constant({high.hex()}, {low.hex()})"
    if node.operation == "where":
        return f"M::select({', '.join(arguments)})"
    if node.operation in INFIX and not pairs:
        return f"{arguments[0]} {INFIX[node.operation]} {arguments[1]}"
    if node.operation == "negative" and not pairs:
        return f"-{arguments[0]}"
    return f"M::{node.operation}({', '.join(arguments)})"


def loop(ufunc: Ufunc) -> str:
    """Return the C++ template of one ufunc's contiguous loop."""
    names: dict[int, str] = {}
    body: list[str] = []
    wanted = needed(ufunc.results)
    graph = ufunc.results[0].graph
    for index, node in enumerate(graph.nodes):
        if id(node) not in wanted:
            continue
        if node.operation == "input":
            names[id(node)] = node.value
        elif node.operation == "literal":
            names[id(node)] = number(node.value)
        else:
            names[id(node)] = f"t{index}"
            body.append(f"const auto t{index} = {expression(node, names)};")
    used = {node.value for node in graph.nodes if node.operation == "input" and id(node) in wanted}
    count = len(ufunc.inputs)
    before = [
        *(
            f"const E* const {x}_data = static_cast<const E*>(data[{i}]);"
            for i, x in enumerate(ufunc.inputs)
            if x in used
        ),
        *(f"E* const result{i} = static_cast<E*>(data[{count + i}]);" for i in range(len(ufunc.results))),
        *(f"const double* const {p}_data = parameters[{i}];" for i, p in enumerate(ufunc.parameters) if p in used),
        *(f"const double {p}_scalar = {p}_data[0];" for p in ufunc.parameters if p in used),
    ]
    inside = [
        *(f"const T {x} = {x}_data[i];" for x in ufunc.inputs if x in used),
        *(f"const T {p} = static_cast<T>(scalars ? {p}_scalar : {p}_data[i]);" for p in ufunc.parameters if p in used),
        *body,
        *(f"result{i}[i] = static_cast<E>(M::one_nan({names[id(node)]}));" for i, node in enumerate(ufunc.results)),
    ]
    lines = [
        "template <class M, class E, bool scalars>",
        f"[[gnu::flatten]] void {ufunc.name}(void* const* data, [[maybe_unused]] const double* const* parameters, std::ptrdiff_t n) {{",
        "    using T = typename M::T;",
        *(f"    {line}" for line in before),
        "#pragma GCC ivdep",
        "    for (std::ptrdiff_t i = 0; i < n; ++i) {",
        *(f"        {line}" for line in inside),
        "    }",
        "}",
    ]
    return "\n".join(lines)


def entry(ufunc: Ufunc, single: str) -> str:
    """Return the row of the table for one ufunc."""

    def loops(precision: str, element: str) -> str:
        arrays = "false" if ufunc.parameters else "true"
        name = f"loops::{ufunc.name}"
        return f"{{{name}<{precision}, {element}, true>, {name}<{precision}, {element}, {arrays}>}}"

    counts = f"{len(ufunc.inputs)}, {len(ufunc.parameters)}, {len(ufunc.results)}"
    three = [loops(single, "float"), loops("narrowing", "double"), loops("precise", "double")]
    return f'    {{"{ufunc.name}", {counts}, {", ".join(three)}}},'


def kernels_header(declarations: dict[str, Declaration]) -> str:
    """Return the generated header for all elementwise declarations."""
    loops: list[str] = []
    entries: list[str] = []
    for declaration in declarations.values():
        if declaration.kind != "elementwise":
            continue
        for ufunc in ufuncs(declaration):
            loops.append(loop(ufunc))
            entries.append(entry(ufunc, "single" if declaration.single_rounding else "wide"))
    return "\n".join(
        [
            "// Generated from the declarations in actfn/functions by actfn/emit/cpp.py.",
            "#pragma once",
            "",
            '#include "table.hpp"',
            '#include "vocabulary.hpp"',
            "",
            "namespace {",
            "namespace loops {",
            "",
            "\n\n".join(loops),
            "",
            "}  // namespace loops",
            "",
            "const actfn::Entry entries[] = {",
            *entries,
            "};",
            "",
            "}  // namespace",
            "",
        ]
    )
