"""Functions of rows of PyTorch tensors with their products as derivatives, of any order."""

from __future__ import annotations

from typing import Any

import torch

from actfn import _core
from actfn.functions import declared
from actfn.libraries import rows, torch_fast, torch_operators
from actfn.libraries.find import Library
from actfn.libraries.row_derivatives import times_jacobian
from actfn.libraries.torch_compiled import differentiating, kept_whole, ready

Tensor = torch.Tensor
Parameters = tuple[float, ...]
LIBRARY = Library("torch", torch)
# As a compiler can read them: the functions of -x, and those whose kernels are Python.
MIRRORS = {name: found.mirror_of for name, found in declared().items() if found.mirror_of is not None}
LOOPS = {**_core.ufuncs, **_core.sums}
COMPILED: dict[str, tuple[Any, Any]] = {
    name: (LOOPS[name], LOOPS[f"{name}_vjp"]) for name in ("softmax", "log_softmax", "logsumexp") if name in LOOPS
}
INTERPRETED = frozenset(name for name, found in declared().items() if found.kind == "simplex" and found.kernels)


def apply(name: str, x: Tensor, axis: int, parameters: Parameters = ()) -> Tensor:
    """Return a function of rows along an axis, differentiable as often as one likes."""
    if name in MIRRORS:
        return apply(MIRRORS[name], -x, axis)
    if torch.compiler.is_exporting():
        return rows.evaluate(LIBRARY, name, x, axis, plain=True, parameters=parameters)
    axis = axis % max(x.ndim, 1)
    if not torch.compiler.is_compiling() and torch_fast.applicable(x):
        found: Tensor = _fast(name, x, axis, parameters)
        return found
    if torch.compiler.is_compiling() and not (differentiating() and ready()):
        found = _Value.apply(name, x, axis, parameters)
        return found
    return _transformed(name, x, axis, parameters)


@kept_whole
def _transformed(name: str, x: Tensor, axis: int, parameters: Parameters) -> Tensor:
    found: Tensor = _ValueInForwardMode.apply(name, x, axis, parameters)
    return found


def product(name: str, x: Tensor, g: Tensor, axis: int, parameters: Parameters = ()) -> Tensor:
    """Return the gradient of sum(g f(x)) by x, differentiable by x and g."""
    if name in MIRRORS:
        return -product(MIRRORS[name], -x, g, axis)
    axis = axis % max(x.ndim, 1)
    if name in INTERPRETED:
        if torch.is_grad_enabled() and (x.requires_grad or g.requires_grad):
            return _times_jacobian(name, x, g, axis, parameters, transposed=True)
        return _compute(name, x, axis, parameters, g)
    function = _Product if torch.compiler.is_compiling() else _ProductInForwardMode
    found: Tensor = function.apply(name, x, g, axis)
    return found


def _times_jacobian(name: str, x: Tensor, t: Tensor, axis: int, parameters: Parameters, transposed: bool) -> Tensor:
    def value(function: str) -> Tensor:
        return apply(function, x, axis, parameters if function == name else ())

    found: Tensor = times_jacobian(LIBRARY, name, x, t, axis, parameters, value, transposed)
    return found


def _compute(name: str, x: Tensor, axis: int, parameters: Parameters, *g: Tensor) -> Tensor:
    if torch_operators.available(x):
        found: Tensor = torch_operators.rows(name + "_vjp" * len(g))(x, *g, axis, parameters)
        return found
    composite: Tensor = rows.evaluate(LIBRARY, name, x, axis, g[0] if g else None, parameters=parameters)
    return composite


def _forward_product(name: str, x: Tensor, dx: Tensor, axis: int, parameters: Parameters = ()) -> Tensor:
    """Return the Jacobian times dx. That of softmax is symmetric."""
    if name in INTERPRETED:
        return _times_jacobian(name, x, dx, axis, parameters, transposed=False)
    if name == "softmax":
        return product(name, x, dx, axis)
    return dx - (apply("softmax", x, axis) * dx).sum(axis, keepdim=True)


def _product_by_x(name: str, x: Tensor, g: Tensor, axis: int, v: Tensor) -> Tensor:
    """Return the gradient of sum(v product(x, g)) by x."""
    if name == "log_softmax":
        return product("softmax", x, -v * g.sum(axis, keepdim=True), axis)
    share = apply("softmax", x, axis)
    mean_g, mean_v = (share * g).sum(axis, keepdim=True), (share * v).sum(axis, keepdim=True)
    return product("softmax", x, v * g - v * mean_g - g * mean_v, axis)


def _moved(in_dims: tuple[Any, ...], tensors: tuple[Tensor, ...], size: int) -> list[Tensor]:
    """Return tensors with the axis of the batch first in all of them."""
    return [
        tensor.movedim(place, 0) if place is not None else tensor.expand(size, *tensor.shape)
        for tensor, place in zip(tensors, in_dims)
    ]


class _Value(torch.autograd.Function):
    @staticmethod
    def forward(name: str, x: Tensor, axis: int, parameters: Parameters) -> Tensor:
        return _compute(name, x, axis, parameters)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.name, x, ctx.axis, ctx.parameters = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (x,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return None, product(ctx.name, x, g, ctx.axis, ctx.parameters), None, None
        return None, _compute(ctx.name, x, ctx.axis, ctx.parameters, g), None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], name: str, x: Tensor, axis: int, parameters: Parameters) -> Any:
        (x,) = _moved(in_dims[1:2], (x,), info.batch_size)
        return apply(name, x, axis + 1, parameters), 0


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(name: str, x: Tensor, g: Tensor, axis: int) -> Tensor:
        return _compute(name, x, axis, (), g)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.name, x, g, ctx.axis = inputs
        ctx.save_for_backward(x, g)
        ctx.save_for_forward(x, g)

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> tuple[Any, ...]:
        x, g = ctx.saved_tensors
        by_x = _product_by_x(ctx.name, x, g, ctx.axis, v) if ctx.needs_input_grad[1] else None
        by_g = _forward_product(ctx.name, x, v, ctx.axis) if ctx.needs_input_grad[2] else None
        return None, by_x, by_g, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], name: str, x: Tensor, g: Tensor, axis: int) -> Any:
        x, g = _moved(in_dims[1:3], (x, g), info.batch_size)
        return product(name, x, g, axis + 1), 0


class _Fast(torch.autograd.Function):
    """For plain tensors: with the least overhead."""

    @staticmethod
    def forward(ctx: Any, name: str, x: Tensor, axis: int, parameters: Parameters) -> Tensor:
        ctx.name, ctx.axis, ctx.parameters = name, axis, parameters
        ctx.save_for_backward(x)
        if _short(name, x, axis):
            return torch_fast.run_rows(COMPILED[name][0], (x,), to_number=name in _core.sums)
        return _compute(name, x, axis, parameters)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        (x,) = ctx.saved_tensors
        if _short(ctx.name, x, ctx.axis) and torch_fast.undisturbed(g, x):
            return None, torch_fast.run_rows(COMPILED[ctx.name][1], (x, g)), None, None
        return _Value.backward(ctx, g)


def _short(name: str, x: Tensor, axis: int) -> bool:
    return (
        name in COMPILED
        and axis == x.ndim - 1
        and torch_fast.alone(x.numel())
        and (x.dtype is torch.float32 or name not in _core.sums)
    )


_fast = torch_fast.application(_Fast)


class _ValueInForwardMode(_Value):
    @staticmethod
    def jvp(ctx: Any, _name: Any, dx: Tensor, _axis: Any, _parameters: Any) -> Tensor:
        (x,) = ctx.saved_for_forward
        return _forward_product(ctx.name, x, dx, ctx.axis, ctx.parameters)


class _ProductInForwardMode(_Product):
    @staticmethod
    def jvp(ctx: Any, _name: Any, dx: Any, dg: Any, _axis: Any) -> Tensor:
        x, g = ctx.saved_for_forward
        parts = [] if dg is None else [product(ctx.name, x, dg, ctx.axis)]
        if dx is not None:
            parts.append(_tangent(ctx.name, x, g, ctx.axis, dx))
        return sum(parts[1:], start=parts[0])


def _tangent(name: str, x: Tensor, g: Tensor, axis: int, dx: Tensor) -> Tensor:
    """Return how the product changes with x."""
    change = product("softmax", x, dx, axis)
    if name == "log_softmax":
        return -change * g.sum(axis, keepdim=True)
    share = apply("softmax", x, axis)
    mean, mean_change = (share * g).sum(axis, keepdim=True), (change * g).sum(axis, keepdim=True)
    return change * (g - mean) - share * mean_change
