"""The functions of installed frameworks that compute the same as actfn's, to compare both."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from typing import Any

from actfn import catalogue
from actfn.activation import get
from actfn.frameworks.signature import ACTFN
from actfn.frameworks.translation import translate


def own_function(name: str, framework: str, **parameters: float) -> Callable[[Any], Any]:
    """Return a framework's own function of its arrays, by actfn's name; parameters are actfn's, by default as well.

    Raises
    ------
    ValueError
        If the framework has no such function, or one that needs more than x.

    Examples
    --------
    >>> import torch
    >>> own_function("leaky_relu", "torch", negative_slope=0.5)(torch.tensor([-2.0, 3.0]))
    tensor([-1.,  3.])
    """
    activation = get(name).with_parameters(**parameters)
    given = ", ".join(f"{key}={float(value)!r}" for key, value in parameters.items())
    found = translate(f"{activation.name}({given})", ACTFN, framework)
    if not found.native or found.meaning.unknown:
        raise ValueError(f"{framework} has no function for {found.meaning.described}")
    root = found.code.partition(".")[0]
    needed = {node.id for node in ast.walk(ast.parse(found.code)) if isinstance(node, ast.Name)} - {root, "x"}
    if needed:
        raise ValueError(f"{framework}'s function for {found.meaning.described} also needs {', '.join(sorted(needed))}")
    # The code is made of what the declaration states and of numbers.
    function: Callable[[Any], Any] = eval(f"lambda x: {found.code}", {root: import_module(root)})
    return function


def own_functions(framework: str) -> dict[str, Callable[[Any], Any]]:
    """Return the framework's own functions by actfn's names: those whose parameters have defaults.

    Examples
    --------
    >>> import torch
    >>> own_functions("torch")["hard_sigmoid"](torch.tensor([-9.0, 0.0]))
    tensor([0.0000, 0.5000])
    """
    found = {}
    for name in catalogue.names():
        try:
            found[name] = own_function(name, framework)
        except ValueError:
            continue
    return found
