"""Kernels run in a library: the traced graph, one library call after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from actfn.functions.declare import Declaration
from actfn.inputs import KEPT
from actfn.libraries.find import Library, is_foreign
from actfn.libraries.pairs import Pairs
from actfn.libraries.wide import Operations, Plain, Wide
from actfn.trace import Node, needed, trace

RENAMED = {"and": "both", "or": "either"}


class Step(NamedTuple):
    """One operation: where its arguments and its result are kept, and what is not needed after it."""

    operation: str
    arguments: tuple[int, ...]
    result: int
    value: Any
    done: tuple[int, ...]


@cache
def plan(declaration: Declaration, kernels: tuple[str, ...], short: bool) -> tuple[tuple[Step, ...], tuple[int, ...]]:
    """Return the steps of kernels, and where their results are; polynomials are the short ones or those in full."""
    graph, results = trace(declaration, kernels)

    def resolved(node: Node) -> Node:
        return node.arguments[not short] if node.operation == "polynomial" else node

    wanted: set[int] = set()
    pending = [*results]
    while pending:
        node = resolved(pending.pop())
        if id(node) not in wanted:
            wanted.add(id(node))
            pending.extend(node.arguments)
    nodes = [node for node in graph.nodes if id(node) in wanted]
    place = {id(node): i for i, node in enumerate(nodes)}
    places = [tuple(place[id(resolved(argument))] for argument in node.arguments) for node in nodes]
    kept = tuple(place[id(resolved(node))] for node in results)
    last = {argument: i for i, arguments in enumerate(places) for argument in arguments}
    return tuple(
        Step(
            RENAMED.get(node.operation, node.operation),
            arguments,
            i,
            node.value,
            tuple(argument for argument in {*arguments} if last[argument] == i and argument not in kept),
        )
        for i, (node, arguments) in enumerate(zip(nodes, places))
    ), kept


@cache
def rounds_once(declaration: Declaration, kernels: tuple[str, ...]) -> bool:
    """Tell whether kernels only choose between numbers they are given, so that the arithmetic may be in any format."""
    graph, results = trace(declaration, kernels)
    wanted = needed(results)
    arithmetic = {node.operation for node in graph.nodes if id(node) in wanted}
    return arithmetic <= {"input", "literal", "where", "less", "less_equal", "equal", "and", "or"}


def evaluate(
    library: Library,
    declaration: Declaration,
    kernels: Sequence[str],
    x: Any,
    parameters: Sequence[Any],
    g: Any = None,
    narrow: bool = True,
    plain: bool = False,
) -> list[Any]:
    """Run kernels on an array of a library; with g, return their products with it.

    float16, bfloat16 and float32 are computed in float64 and rounded once; float64 is computed in pairs of float64, and float32 in
    pairs of float32 where there is no float64. The results have the dtype of x, or, unless ``narrow``, that of the arithmetic.
    With ``plain`` there are no pairs, and nothing but elementary operations: what exchange formats have.

    Raises
    ------
    ValueError
        If shapes do not broadcast.
    """
    xp = library.xp
    x = library.as_float(x)
    kernels = tuple(kernels)
    name = library.dtype_name(x)
    dtype = x.dtype
    chooses = rounds_once(declaration, kernels) and (g is None or declaration.single_rounding)
    if name != "float64" and not chooses:
        dtype = xp.float64 if library.has_float64(x) else xp.float32
    wide = library.astype(x, dtype)
    paired = not (plain or chooses) and (name == "float64" or dtype != xp.float64)
    operations = (Pairs if paired else Plain if plain else Wide)(library, wide, dtype)
    inputs = {"x": wide}
    for parameter, value in zip(declaration.parameters, parameters):
        given = value
        if isinstance(value, (int, float)):
            # Without float64 a parameter is a float32 number too.
            known = name == "float64" or not paired
            given = operations.literal(float(value)) if known else library.scalar(float(value), dtype, wide)
        else:
            given = library.astype(library.array(value, wide), dtype)
        inputs[parameter] = given
    shape = library.broadcast_shapes(*(value.shape for value in (*inputs.values(), g) if hasattr(value, "shape")))
    steps, kept = plan(declaration, kernels, operations.short)
    with library.quiet():
        values = followed(operations, steps, inputs)
        results = [operations.array(values[place]) for place in kept]
        if g is not None:
            factor = library.astype(library.array(g, wide), dtype)
            results = [factor * result for result in results]
        return [library.astype(xp.broadcast_to(result, shape), x.dtype if narrow else dtype) for result in results]


def followed(operations: Operations, steps: Sequence[Step], inputs: Mapping[str, Any]) -> list[Any]:
    """Return the results of steps, those that are not needed any more left out."""
    values: list[Any] = [None] * len(steps)
    for step in steps:
        if step.operation == "input":
            values[step.result] = inputs[step.value]
        elif step.operation == "literal":
            values[step.result] = operations.literal(float(step.value))
        elif step.operation == "constant":
            values[step.result] = operations.constant(step.value)
        else:
            arguments = [values[argument] for argument in step.arguments]
            values[step.result] = getattr(operations, step.operation)(*arguments)
            del arguments
            for done in step.done:
                values[done] = None
    return values


def summed_to(library: Library, product: Any, parameter: Any, dtype: Any) -> Any:
    """Sum the axes along which a parameter was broadcast; the result has its shape and, if that is a float's, its dtype."""
    xp, shape = library.xp, tuple(getattr(parameter, "shape", ()))
    extra = product.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and product.shape[i + extra] != 1))
    if axes:
        product = xp.reshape(xp.sum(product, axis=axes, keepdims=True), shape)
    own = is_foreign(parameter) and library.dtype_name(parameter) in KEPT
    return library.astype(product, parameter.dtype if own else dtype)
