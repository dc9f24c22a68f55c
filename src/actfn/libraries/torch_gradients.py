"""Functions of PyTorch tensors with their declared derivatives: backward, twice backward, forward mode, ``torch.func``, compiled.

The derivative of a value is the first derivative, and that of the first the second. What is not declared (a third derivative, a second
one by a parameter) is PyTorch's derivative of the declared kernel. One tensor is kept for backward: the input, or for rectifiers the
output, which the next layer keeps anyway.
"""

from __future__ import annotations

from typing import Any

import torch

from actfn.arrays import SUFFIXES
from actfn.functions import declared
from actfn.functions.declare import Declaration
from actfn.libraries import differentiable, torch_fast, torch_operators
from actfn.libraries.find import Library
from actfn.libraries.run import evaluate
from actfn.libraries.torch_compiled import differentiating, kept_whole, ready, transforming

Tensor = torch.Tensor
LIBRARY = Library("torch", torch)

NEXT = {"value": "first", "first": "second"}
# A rectifier's slope is the same at its value as at its argument.
BY_OUTPUT = ("relu", "identity")

# By name, since names are all that the compiler takes.
_declarations = dict(declared())


def elementwise(declaration: Declaration, kernel: str, x: Tensor, parameters: tuple[Any, ...]) -> Tensor:
    """Return a kernel of a function at x, differentiable by x and by parameters that are tensors."""
    if _declarations.get(declaration.name) is not declaration:
        _declarations[declaration.name] = declaration
    if torch.compiler.is_compiling():
        if torch.compiler.is_exporting():
            return evaluate(LIBRARY, declaration, (kernel,), x, parameters, plain=True)[0]
        if differentiating() and ready():
            return _transformed(declaration.name, kernel, x, *parameters)
        return _Compiled.apply(declaration.name, kernel, x, *parameters)
    if kernel == "value" and torch_fast.applicable(x) and all(type(value) is float for value in parameters):
        fast = _fast.get(declaration.name)
        if fast is not None and fast[0] is declaration:
            return fast[1](x, *parameters)
    if transforming():
        return _Transformed.apply(declaration.name, kernel, x, *parameters)
    return _Eager.apply(declaration.name, kernel, x, *parameters)


@kept_whole
def _transformed(name: str, kernel: str, x: Tensor, *parameters: Any) -> Tensor:
    found: Tensor = _Transformed.apply(name, kernel, x, *parameters)
    return found


def in_place(declaration: Declaration, x: Tensor, parameters: tuple[Any, ...]) -> Tensor:
    """Write the value over x; for a function whose derivative follows from its value."""
    if torch.compiler.is_compiling() or transforming():
        return x.copy_(elementwise(declaration, "value", x, parameters))
    found: Tensor = _InPlace.apply(declaration.name, "value", x, *parameters)
    return found


def may_work_in_place(declaration: Declaration, parameters: tuple[Any, ...]) -> bool:
    """Tell whether the derivative of a function follows from its value."""
    return _by_output(declaration.name, "value", parameters)


def _composite(declaration: Declaration, kernel: str, x: Tensor, parameters: tuple[Any, ...], *g: Any) -> Tensor:
    found: Tensor = evaluate(LIBRARY, declaration, (kernel,), x, parameters, *g)[0]
    return found


def _compute(name: str, kernel: str, x: Tensor, parameters: tuple[Any, ...], *g: Any) -> Tensor:
    """Return a kernel, or its product with g, without a gradient."""
    declaration = _declarations[name]
    if torch_operators.available(x):
        suffix = SUFFIXES.get(kernel) if kernel in SUFFIXES else f"_d_{kernel.removeprefix('partial_')}"
        if g:
            suffix = "_vjp" if kernel == "first" else f"_vjp_{kernel.removeprefix('partial_')}"
        call = torch_operators.operator(declaration, str(suffix), parameters)
        if call is not None:
            if call._overloadname == "Tensor":
                parameters = tuple(_as_tensor(value) for value in parameters)
            found: Tensor = call(x, *g, *parameters)
            return found
    return _composite(declaration, kernel, x, parameters, *g)


def _as_tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.full((), value, dtype=torch.float64)


def _product(name: str, kernel: str, x: Tensor, parameters: tuple[Any, ...], g: Tensor) -> Tensor:
    """Return g times a kernel at x, in one pass unless it is to be differentiated in its turn."""
    if torch.is_grad_enabled() or kernel == "second":
        return g * elementwise(_declarations[name], kernel, x, parameters)
    return _compute(name, kernel, x, parameters, g)


def _backward(
    name: str, kernel: str, x: Tensor, parameters: tuple[Any, ...], g: Tensor, needed: Any
) -> tuple[Any, ...]:
    by_x = _by_input(name, kernel, x, parameters, g) if needed[0] else None
    if by_x is not None and by_x.shape != x.shape:
        by_x = by_x.sum_to_size(x.shape)
    by_parameters = (
        _summed(_by_parameter(name, kernel, x, parameters, g, i), value) if wanted else None
        for i, (value, wanted) in enumerate(zip(parameters, needed[1:]))
    )
    return (by_x, *by_parameters)


def _summed(product: Tensor, parameter: Tensor) -> Tensor:
    """Sum the axes along which a parameter was broadcast, in float64 where there is one."""
    extra = product.ndim - parameter.ndim
    axes = [*range(extra), *(i for i in range(extra, product.ndim) if parameter.shape[i - extra] == 1)]
    if axes:
        wide = torch.float32 if product.device.type == "mps" else torch.float64
        product = product.sum(axes, dtype=wide)
    return product.reshape(parameter.shape).to(parameter.dtype)


def _by_input(name: str, kernel: str, x: Tensor, parameters: tuple[Any, ...], g: Tensor) -> Tensor:
    if kernel in NEXT:
        return _product(name, NEXT[kernel], x, parameters, g)
    return g * _undeclared(name, kernel, 0, x, parameters)


def _by_parameter(name: str, kernel: str, x: Tensor, parameters: tuple[Any, ...], g: Tensor, place: int) -> Tensor:
    if kernel == "value":
        return _product(name, f"partial_{[*_declarations[name].parameters][place]}", x, parameters, g)
    return g * _undeclared(name, kernel, 1 + place, x, parameters)


def _undeclared(name: str, kernel: str, place: int, x: Tensor, parameters: tuple[Any, ...]) -> Tensor:
    """Return the derivative of a kernel by x or a parameter as PyTorch finds it, itself differentiable."""
    inputs = [x, *parameters]
    shape = torch.broadcast_shapes(*(value.shape for value in inputs if isinstance(value, Tensor)))

    def moved(value: Tensor) -> Tensor:
        return _differentiable(_declarations[name], kernel, (*inputs[:place], value, *inputs[place + 1 :]))

    value, back = torch.func.vjp(moved, _wide(inputs[place]).expand(shape))  # type: ignore[misc]
    found: Tensor = back(torch.ones_like(value))[0].to(x.dtype)
    return found


def _differentiable(declaration: Declaration, kernel: str, inputs: tuple[Any, ...]) -> Tensor:
    """Return a kernel in float64, where there is one, by operations that PyTorch differentiates."""
    x, *parameters = (_wide(value) if isinstance(value, Tensor) else value for value in inputs)
    found: Tensor = differentiable.evaluate(LIBRARY, declaration, kernel, x, parameters)
    return found


def _wide(value: Tensor) -> Tensor:
    return value.to(torch.float64 if LIBRARY.has_float64(value) else torch.float32)


def _fast_of(declaration: Declaration) -> Any:
    name = declaration.name

    def product(x: Tensor, g: Tensor, parameters: tuple[float, ...]) -> Tensor:
        return _product(name, "first", x, parameters, g)

    def by_output(parameters: tuple[float, ...]) -> bool:
        return _by_output(name, "value", parameters)

    return torch_fast.function(declaration, by_output, product)


class _Gradient(torch.autograd.Function):
    """What the ways to apply a function share: arguments are a name, a kernel, x and the parameters."""

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Any, ...]:
        x, *tensors = ctx.saved_tensors
        parameters = tuple(tensors.pop(0) if value is None else value for value in ctx.constants)
        return None, None, *_backward(ctx.name, ctx.kernel, x, parameters, g, ctx.needs_input_grad[2:])


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    name, kernel, x, *parameters = inputs
    ctx.name, ctx.kernel = name, kernel
    ctx.constants = tuple(None if isinstance(value, Tensor) else value for value in parameters)
    tensors = (value for value in parameters if isinstance(value, Tensor))
    ctx.save_for_backward(output if _by_output(name, kernel, parameters) else x, *tensors)


def _by_output(name: str, kernel: str, parameters: Any) -> bool:
    if kernel != "value":
        return False
    return name in BY_OUTPUT or (name == "leaky_relu" and isinstance(parameters[0], float) and parameters[0] > 0)


def _jvp(ctx: Any, _name: Any, _kernel: Any, dx: Any, *dp: Any) -> Tensor:
    x, *tensors = ctx.saved_for_forward
    parameters = tuple(tensors.pop(0) if value is None else value for value in ctx.constants)
    parts = [] if dx is None else [_by_input(ctx.name, ctx.kernel, x, parameters, dx)]
    parts += [_by_parameter(ctx.name, ctx.kernel, x, parameters, d, i) for i, d in enumerate(dp) if d is not None]
    return sum(parts[1:], start=parts[0])


class _Compiled(_Gradient):
    """For ``torch.compile``, which takes no forward mode."""

    @staticmethod
    def forward(ctx: Any, name: str, kernel: str, x: Tensor, *parameters: Any) -> Tensor:
        y = _compute(name, kernel, x, parameters)
        _keep(ctx, (name, kernel, x, *parameters), y)
        return y


class _Eager(_Gradient):
    """For plain tensors: with the least overhead."""

    @staticmethod
    def forward(ctx: Any, name: str, kernel: str, x: Tensor, *parameters: Any) -> Tensor:
        y = _compute(name, kernel, x, parameters)
        _keep(ctx, (name, kernel, x, *parameters), y)
        if torch.autograd.forward_ad._current_level >= 0:
            ctx.save_for_forward(x, *(value for value in parameters if isinstance(value, Tensor)))
        return y

    jvp = staticmethod(_jvp)


class _InPlace(_Eager):
    """For rectifiers that write over their input."""

    @staticmethod
    def forward(ctx: Any, name: str, kernel: str, x: Tensor, *parameters: Any) -> Tensor:
        x.copy_(_compute(name, kernel, x, parameters))
        ctx.mark_dirty(x)
        _keep(ctx, (name, kernel, x, *parameters), x)
        return x


class _Transformed(_Gradient):
    """For the transformations of ``torch.func``."""

    @staticmethod
    def forward(name: str, kernel: str, x: Tensor, *parameters: Any) -> Tensor:
        return _compute(name, kernel, x, parameters)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _keep(ctx, inputs, output)
        _, _, x, *parameters = inputs
        ctx.save_for_forward(x, *(value for value in parameters if isinstance(value, Tensor)))

    jvp = staticmethod(_jvp)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], name: str, kernel: str, x: Tensor, *parameters: Any) -> Any:
        tensors = [(value, place) for value, place in zip((x, *parameters), in_dims[2:]) if isinstance(value, Tensor)]
        rank = max(value.ndim - (place is not None) for value, place in tensors)

        def aligned(value: Any, place: int | None) -> Any:
            # The batch's axis first, and behind it as many axes as the largest example has.
            if not isinstance(value, Tensor) or place is None:
                return value
            value = value.movedim(place, 0)
            return value.reshape(value.shape[0], *[1] * (rank - value.ndim + 1), *value.shape[1:])

        given = [aligned(value, place) for value, place in zip((x, *parameters), in_dims[2:])]
        return elementwise(_declarations[name], kernel, given[0], tuple(given[1:])), 0


_fast = {
    name: (declaration, apply)
    for name, declaration in _declarations.items()
    if declaration.kind == "elementwise" and (apply := _fast_of(declaration)) is not None
}
