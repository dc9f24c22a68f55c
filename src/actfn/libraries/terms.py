"""A sum over coefficients as a function of x and of each coefficient by itself, with its derivatives by all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from actfn.catalogue import find
from actfn.functions.declare import KERNELS, Declaration


@cache
def with_terms(name: str, count: int) -> Declaration:
    """Return the elementwise function that an expansion with a number of terms is.

    Examples
    --------
    >>> list(with_terms("apl", 2).parameters)
    ['a_0', 'a_1', 'b_0', 'b_1']
    """
    declaration = find(name)

    def parted(coefficients: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return [coefficients[start : start + count] for start in range(0, len(coefficients), count)]

    def whole(kernel: str) -> Callable[..., Any]:
        return lambda m, x, *coefficients: declaration.kernels[kernel](m, x, *parted(coefficients))

    def partial(name: str, k: int) -> Callable[..., Any]:
        return lambda m, x, *coefficients: declaration.kernels[f"partial_{name}"](m, x, *parted(coefficients))[k]

    each = [(name, k) for name in declaration.parameters for k in range(count)]
    members = {
        "__doc__": f"{declaration.summary.rstrip('.')}: with {count} terms.",
        "__module__": declaration.module,
        "formula": declaration.formula,
        "range": declaration.range,
        **{kernel: whole(kernel) for kernel in KERNELS},
        **{f"partial_{name}_{k}": partial(name, k) for name, k in each},
    }
    parameters = [declaration.parameters[name]._replace(name=f"{name}_{k}", example=None) for name, k in each]
    body = type(f"{declaration.name}_of_{count}", (), members)
    return Declaration(body, "elementwise", parameters=tuple(parameters), hot=False)
