"""Read the text of a call with the grammar of Python, and never run it."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 1000
WITHOUT_FRAMEWORK = {
    "F": ("torch", "nn", "functional"),
    "tf": ("tensorflow",),
    "tfa": ("tensorflow_addons",),
    "np": ("numpy",),
    "jnp": ("jax", "numpy"),
}
ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
# Python has no literal for them.
INFINITIES = {f'float("{value}")': value for value in (math.inf, -math.inf)}


@dataclass(frozen=True)
class Call:
    """A call as it is written.

    Attributes
    ----------
    path : str
        What is called, as code: ``torch.nn.GELU``, ``ACT2FN["gelu"]``.
    parts : tuple of str
        The names of the path; those of common imports are written out, and functions that ask a registry are left out.
    positional, keywords
        The arguments.
    called : bool
        Whether there are arguments at all.
    applied : ast.expr or None
        What the result is called with in turn: the input of a layer.
    """

    path: str
    parts: tuple[str, ...]
    positional: tuple[ast.expr, ...] = ()
    keywords: tuple[tuple[str, ast.expr], ...] = ()
    called: bool = False
    applied: ast.expr | None = None


def read(text: str) -> Call:
    """Return the call that a text is: a name, a path, a key in quotes, a function's call, or a layer's.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If it is something else.

    Examples
    --------
    >>> read("nn.LeakyReLU(0.2)(x)").parts
    ('nn', 'LeakyReLU')
    >>> read('ACT2FN["gelu_new"]').parts
    ('ACT2FN', 'gelu_new')
    """
    if not isinstance(text, str):
        raise TypeError(f"the name of a function, or a call, is a string, not {type(text).__name__} {text!r}")
    wrong = f"{shortened(text)!r} is no call of an activation function: write a name, or LeakyReLU(negative_slope=0.1)"
    try:
        node = ast.parse(text[:LONGEST].strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(wrong) from None
    calls: list[ast.Call] = []
    while isinstance(node, ast.Call) and not _asks_registry(node):
        calls.insert(0, node)
        node = node.func
    parts = _parts(node)
    if not parts or len(text) > LONGEST or len(calls) > 2:
        raise ValueError(wrong)
    path = written(node) if not isinstance(node, ast.Constant) else str(node.value)
    if not calls:
        return Call(path, parts)
    first = calls[0]
    starred = any(isinstance(one, ast.Starred) for call in calls for one in call.args)
    if starred or any(one.arg is None for call in calls for one in call.keywords):
        raise ValueError(f"{shortened(text)!r}: write the arguments out, without stars")
    applied = None
    if len(calls) == 2:
        if len(calls[1].args) != 1 or calls[1].keywords:
            raise ValueError(f"{shortened(text)!r}: a layer is called with its input alone")
        applied = calls[1].args[0]
    keywords = tuple((str(one.arg), one.value) for one in first.keywords)
    return Call(path, parts, tuple(first.args), keywords, True, applied)


def _asks_registry(node: ast.Call) -> bool:
    """Tell whether a call asks a registry for a function by its key, as ``get_act_fn("gelu")`` does."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    key = node.args[0] if len(node.args) == 1 and not node.keywords else None
    return name.startswith("get") and isinstance(key, ast.Constant) and isinstance(key.value, str)


def _parts(node: ast.expr) -> tuple[str, ...]:
    """Return the names of a path; none if it is no path."""
    if isinstance(node, ast.Name):
        return WITHOUT_FRAMEWORK.get(node.id, (node.id,))
    if isinstance(node, ast.Attribute):
        before = _parts(node.value)
        if before == ("tensorflow",) and node.attr == "keras":
            return ("keras",)
        return (*before, node.attr) if before else ()
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,) if node.value.isidentifier() else ()
    if isinstance(node, ast.Subscript):
        before, key = _parts(node.value), _parts(node.slice)
        return (*before, *key) if before and isinstance(node.slice, ast.Constant) and key else ()
    if isinstance(node, ast.Call):
        key = _parts(node.args[0])
        return (*_parts(node.func)[:-1], *key) if key else ()
    return ()


def number_or_word(node: ast.expr) -> Any:
    """Return the number, text, truth value or None that an expression states; numbers may be computed, as in ``1/6``.

    Raises
    ------
    ValueError
        If it states none.

    Examples
    --------
    >>> [number_or_word(ast.parse(text, mode="eval").body) for text in ("-1/6", "float('inf')")]
    [-0.16666666666666666, inf]
    """
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, (bool, int, float, str))):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _number(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Call) and written(node) in INFINITIES:
        return INFINITIES[written(node)]
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        left, right = _number(node.left), _number(node.right)
        if right or not isinstance(node.op, ast.Div):
            return ARITHMETIC[type(node.op)](left, right)
    raise ValueError(f"{shortened(written(node))} is no number or word that could be read without running it")


def infinite(value: Any) -> str | None:
    """Return infinity as code, and None for anything else."""
    return next((code for code, infinity in INFINITIES.items() if value == infinity), None)


def _number(node: ast.expr) -> Any:
    value = number_or_word(node)
    if type(value) not in (int, float):
        raise ValueError(f"{shortened(written(node))} is no number")
    return value


def written(node: ast.AST) -> str:
    """Return an expression as text, with double quotes.

    Examples
    --------
    >>> written(ast.parse("f('a')", mode="eval").body)
    'f("a")'
    """
    text = ast.unparse(node)
    return text if '"' in text else text.replace("'", '"')


def shortened(text: str) -> str:
    """Return a text with its middle left out if it is long."""
    return text if len(text) <= 80 else f"{text[:60]}...{text[-10:]}"
