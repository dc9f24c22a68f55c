"""The shortest way through autograd for plain CPU tensors and parameters that are numbers: no dispatcher, no copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from actfn import _core, parallel
from actfn.functions.declare import Declaration
from actfn.libraries.torch_compiled import transforming

Tensor = torch.Tensor
PLAIN = (Tensor, torch.nn.Parameter)
# Without them the long way is always taken.
_modes = getattr(torch._C, "_len_torch_dispatch_stack", lambda: 1)
# What autograd.grad(is_grads_batched=True) gives to backward.
_batched = getattr(torch._C._functorch, "is_legacy_batchedtensor", lambda x: True)


def applicable(x: Tensor) -> bool:
    """Tell whether nothing looks on (no tracer, transformation, forward mode or mode) and memory is that of a NumPy array."""
    return plain(x) and forward_ad._current_level < 0 and not transforming() and not _modes()


def plain(x: Tensor) -> bool:
    """Tell whether a tensor's memory is that of a contiguous NumPy array."""
    return (
        type(x) in PLAIN
        and (x.dtype is torch.float32 or x.dtype is torch.float64)
        and x.is_cpu
        and x.is_contiguous()
        and not x.is_neg()
        and not _batched(x)
    )


def alone(n: int) -> bool:
    """Tell whether one thread works on n elements: PyTorch's own setting counts for its tensors."""
    return n < parallel.LEAST or torch.get_num_threads() == 1


def undisturbed(g: Tensor, *tensors: Tensor) -> bool:
    """Tell whether backward has nothing to differentiate, and tensors of one dtype as plain as those that are applicable."""
    return (
        not torch.is_grad_enabled()
        and applicable(g)
        and all(plain(tensor) and tensor.dtype is g.dtype for tensor in tensors)
    )


def application(function: type[torch.autograd.Function]) -> Any:
    """Return a function's ``apply`` without what it adds for transformations, which do not come here."""
    return super(torch.autograd.Function, function).apply  # type: ignore[misc]


def run(ufunc: Any, tensors: tuple[Tensor, ...], parameters: tuple[float, ...]) -> Tensor:
    """Return a ufunc of contiguous tensors of one dtype and of numbers."""
    x = tensors[0]
    result = torch.empty_like(x)
    n = x.numel()
    if alone(n):
        addresses = [tensor.data_ptr() for tensor in tensors]
        _core.run(ufunc, x.dtype is torch.float64, n, 1, *addresses, *parameters, result.data_ptr())
    else:
        # As float64, a Python number keeps all its digits beside a float32 array.
        arguments = (*[tensor.detach().numpy() for tensor in tensors], *map(np.float64, parameters))
        parallel.call(ufunc, arguments, {"out": result.numpy()})
    return result


def run_rows(ufunc: Any, tensors: tuple[Tensor, ...], to_number: bool = False) -> Tensor:
    """Return a gufunc of the rows along the last axis of contiguous tensors of one dtype."""
    x = tensors[0]
    result = x.new_empty(x.shape[:-1]) if to_number else torch.empty_like(x)
    length = x.shape[-1]
    addresses = [tensor.data_ptr() for tensor in tensors]
    rows = x.numel() // length if length else 0
    _core.run(ufunc, x.dtype is torch.float64, rows, length, *addresses, result.data_ptr())
    return result


def function(declaration: Declaration, by_output: Any, product: Any) -> Any:
    """Return the application of a compiled function to a tensor and numbers, or None if it is not compiled.

    ``by_output`` tells from the parameters whether backward needs the output, not x; ``product`` is taken for a backward that is not
    as plain: it has the arguments x, g and the parameters.
    """
    value, vjp = _core.ufuncs.get(declaration.name), _core.ufuncs.get(f"{declaration.name}_vjp")
    if value is None or vjp is None:
        return None
    nothing = (None,) * len(declaration.parameters)

    class Fast(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, *parameters: float) -> Tensor:
            y = run(value, (x,), parameters)
            ctx.parameters = parameters
            ctx.save_for_backward(y if by_output(parameters) else x)
            return y

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            (x,) = ctx.saved_tensors
            if undisturbed(g, x):
                found = run(vjp, (x, g), ctx.parameters)
            else:
                found = product(x, g, ctx.parameters)
            return (found, *nothing) if nothing else found

    return application(Fast)
