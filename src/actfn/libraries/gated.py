"""Gated functions and their products in other libraries than NumPy; in PyTorch differentiable as often as their factors are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actfn.functions.declare import Declaration
from actfn.libraries.find import Library

Parts = tuple[Declaration, Declaration]


def value(library: Library, parts: Parts, gate: Any, up: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the product of both factors, in float64 where there is one and rounded once."""
    opened = factor(library, parts[0], "value", gate, parameters)
    return library.astype(opened * factor(library, parts[1], "value", up, parameters), gate.dtype)


def vjp(library: Library, parts: Parts, gate: Any, up: Any, g: Any, parameters: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return g times the derivatives by gate and by up."""

    def product(sloped: Declaration, at: Any, valued: Declaration, beside: Any) -> Any:
        slope = factor(library, sloped, "first", at, parameters)
        through = factor(library, valued, "value", beside, parameters)
        return library.astype(slope * (through * library.astype(g, slope.dtype)), gate.dtype)

    return product(parts[0], gate, parts[1], up), product(parts[1], up, parts[0], gate)


def factor(library: Library, part: Declaration, kernel: str, x: Any, parameters: Mapping[str, Any]) -> Any:
    """Return a kernel of a factor in the arithmetic of the product."""
    own = [parameters[name] for name in part.parameters]
    if library.name == "torch":
        from actfn.libraries.torch_gradients import elementwise

        wide = library.astype(x, library.xp.float64) if library.has_float64(x) else x
        given = (float(one) if isinstance(one, (int, float)) else library.array(one, x) for one in own)
        return elementwise(part, kernel, wide, tuple(given))
    from actfn.libraries.run import evaluate

    return evaluate(library, part, (kernel,), x, own, narrow=False)[0]


def joined(library: Library, gate: Any, up: Any, axis: int, layout: str) -> Any:
    """Return one array that holds both along an axis."""
    if layout == "interleaved":
        return library.interleaved(gate, up, axis)
    return library.concatenate((gate, up) if layout == "gate_up" else (up, gate), axis)
