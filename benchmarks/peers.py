"""What is measured: actfn's calls and those of other libraries that compute the same, on the same numbers.

A call is made of an array for the input, one for the cotangent, and one for the output or None for a fresh one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numexpr
import numpy as np
import scipy.special
import torch

import actfn
from actfn.frameworks.installed import own_functions

Call = Callable[[], Any]
DIRECTIONS = ("value", "first", "second", "vjp", "value_and_derivative")
FUNCTIONS = (
    *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "softsign", "hard_sigmoid"),
    *("silu", "mish", "gelu", "gelu_tanh", "softmax", "log_softmax"),
)
aten = torch.ops.aten

# For each function: PyTorch's operation, whether it takes out=, and its backward of (g, x, y).
TORCH: dict[str, tuple[Any, bool, Any]] = {
    "sigmoid": (aten.sigmoid, True, lambda g, x, y: aten.sigmoid_backward(g, y)),
    "tanh": (aten.tanh, True, lambda g, x, y: aten.tanh_backward(g, y)),
    "relu": (aten.relu, True, lambda g, x, y: aten.threshold_backward(g, x, 0)),
    "leaky_relu": (aten.leaky_relu, True, lambda g, x, y: aten.leaky_relu_backward(g, x, 0.01, False)),
    "elu": (aten.elu, True, lambda g, x, y: aten.elu_backward(g, 1.0, 1.0, 1.0, False, x)),
    "selu": (aten.selu, False, None),
    "softplus": (aten.softplus, True, lambda g, x, y: aten.softplus_backward(g, x, 1, 20)),
    "softsign": (torch.nn.functional.softsign, False, None),
    "hard_sigmoid": (aten.hardsigmoid, True, lambda g, x, y: aten.hardsigmoid_backward(g, x)),
    "silu": (aten.silu, True, lambda g, x, y: aten.silu_backward(g, x)),
    "mish": (aten.mish, True, lambda g, x, y: aten.mish_backward(g, x)),
    "gelu": (aten.gelu, True, lambda g, x, y: aten.gelu_backward(g, x)),
    "gelu_tanh": (
        functools.partial(aten.gelu, approximate="tanh"),
        False,
        lambda g, x, y: aten.gelu_backward(g, x, approximate="tanh"),
    ),
    "softmax": (
        lambda x: torch.softmax(x, -1),
        False,
        lambda g, x, y: aten._softmax_backward_data(g, y, -1, y.dtype),
    ),
    "log_softmax": (
        lambda x: torch.log_softmax(x, -1),
        False,
        lambda g, x, y: aten._log_softmax_backward_data(g, y, -1, y.dtype),
    ),
}

JAX = own_functions("jax")

SCIPY = {
    "sigmoid": scipy.special.expit,
    "softplus": getattr(scipy.special, "softplus", None),
    "softmax": lambda x: scipy.special.softmax(x, -1),
    "log_softmax": lambda x: scipy.special.log_softmax(x, -1),
}

# NumPy's best plain formula, and the same for numexpr.
NUMPY: dict[str, Callable[[Any, Any], Any]] = {
    "sigmoid": lambda x, out: np.reciprocal(np.add(np.exp(np.negative(x, out=out), out=out), 1, out=out), out=out),
    "tanh": lambda x, out: np.tanh(x, out=out),
    "relu": lambda x, out: np.maximum(x, 0, out=out),
    "leaky_relu": lambda x, out: np.maximum(x, 0.01 * x, out=out),
    "elu": lambda x, out: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softplus": lambda x, out: np.logaddexp(x, x.dtype.type(0), out=out),
    "softsign": lambda x, out: np.divide(x, 1 + np.abs(x), out=out),
    "silu": lambda x, out: np.divide(x, 1 + np.exp(-x), out=out),
    "mish": lambda x, out: np.multiply(x, np.tanh(np.log1p(np.exp(x))), out=out),
    "gelu_tanh": lambda x, out: np.multiply(
        0.5 * x, 1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)), out=out
    ),
}
NUMEXPR = {
    "sigmoid": "1 / (1 + exp(-x))",
    "tanh": "tanh(x)",
    "relu": "where(x > 0, x, 0)",
    "elu": "where(x > 0, x, expm1(x))",
    "softplus": "log1p(exp(x))",
    "silu": "x / (1 + exp(-x))",
    "mish": "x * tanh(log1p(exp(x)))",
}


def set_threads(number: int) -> None:
    """Let every library use so many threads; JAX takes those of the process."""
    actfn.set_num_threads(number)
    torch.set_num_threads(number)
    numexpr.set_num_threads(number)


def own(name: str, direction: str, x: Any, g: Any, out: Any) -> Call | None:
    """Return actfn's call, or None where the function has no such direction."""
    function = actfn.get(name)
    keywords = {} if out is None else {"out": out}
    if function.kind != "elementwise" and direction not in ("value", "vjp"):
        return None
    if direction == "value":
        return lambda: function(x, **keywords)
    if direction == "vjp":
        return lambda: function.vjp(x, g, **keywords)
    if direction == "value_and_derivative":
        both = {} if out is None else {"out": (out, np.empty_like(out))}
        return lambda: function.value_and_derivative(x, **both)
    order = DIRECTIONS.index(direction)
    return lambda: function.derivative(x, order=order, **keywords)


def peers(name: str, direction: str, x: Any, g: Any, out: Any) -> Iterator[tuple[str, Call]]:
    """Yield the calls of the other libraries that offer a function in a direction."""
    yield from _torch(name, direction, x, g, out)
    yield from _jax(name, direction, x, g)
    if direction != "value":
        return
    if SCIPY.get(name) and x.dtype != np.float16:
        special = SCIPY[name]
        yield "SciPy", lambda: special(x)
    if name in NUMPY:
        yield "NumPy", lambda: NUMPY[name](x, out)
    if name in NUMEXPR and x.dtype != np.float16:
        yield "numexpr", lambda: numexpr.evaluate(NUMEXPR[name], {"x": x}, out=out)


def _torch(name: str, direction: str, x: Any, g: Any, out: Any) -> Iterator[tuple[str, Call]]:
    operation, takes_out, backward = TORCH[name]
    tensor, cotangent = torch.from_numpy(x), torch.from_numpy(g)
    if direction == "value":
        if out is not None and takes_out:
            target = torch.from_numpy(out)
            yield "PyTorch", lambda: operation.out(tensor, out=target)
        else:
            yield "PyTorch", lambda: operation(tensor)
    elif backward is not None and direction in ("first", "vjp"):
        y = operation(tensor)
        by = torch.ones_like(tensor) if direction == "first" else cotangent
        yield "PyTorch", lambda: backward(by, tensor, y)
    elif backward is not None and direction == "value_and_derivative":
        ones = torch.ones_like(tensor)
        yield "PyTorch", lambda: backward(ones, tensor, operation(tensor))


def _jax(name: str, direction: str, x: Any, g: Any) -> Iterator[tuple[str, Call]]:
    function = JAX[name]

    def first(x: Any) -> Any:
        return jax.grad(lambda x: function(x).sum())(x)

    transformed = {
        "value": lambda x, g: function(x),
        "first": lambda x, g: first(x),
        "second": lambda x, g: jax.grad(lambda x: first(x).sum())(x),
        "vjp": lambda x, g: jax.vjp(function, x)[1](g)[0],
        "value_and_derivative": lambda x, g: (function(x), first(x)),
    }[direction]
    with jax.enable_x64(True):
        array, cotangent = jax.numpy.asarray(x), jax.numpy.asarray(g)
        compiled = jax.jit(transformed).lower(array, cotangent).compile()
    yield "JAX", lambda: jax.block_until_ready(compiled(array, cotangent))
