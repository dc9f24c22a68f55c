"""Gated functions of PyTorch tensors: by the compiled loops where these can work, else as a product of two functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from actfn.libraries import gated
from actfn.libraries.torch_fast import applicable
from actfn.libraries.torch_gradients import LIBRARY

Tensor = torch.Tensor


def value(activation: Any, x: Any, up: Any, axis: int, values: Mapping[str, Any]) -> Tensor:
    """Return a gated function of gate and up, or of one tensor that holds both along an axis."""
    tensors = (x,) if up is None else (x, up)
    numbers = not any(isinstance(value, Tensor) for value in values.values())
    if not torch.compiler.is_compiling() and numbers and _plain(*tensors):
        product = partial(activation.vjp, axis=axis, **values)
        found: Tensor = _Fast.apply(partial(activation, axis=axis, **values), product, *tensors)
        return found
    gate, other = activation._foreign(LIBRARY, x, up, axis, values)
    whole: Tensor = gated.value(LIBRARY, activation._parts, gate, other, values)
    return whole


def _plain(*tensors: Tensor) -> bool:
    return all(applicable(tensor) and tensor.ndim and tensor.dtype is tensors[0].dtype for tensor in tensors)


class _Fast(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], product: Callable[..., Any], *tensors: Tensor) -> Tensor:
        ctx.product = product
        ctx.save_for_backward(*tensors)
        return torch.from_numpy(function(*(tensor.detach().numpy() for tensor in tensors)))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        tensors, g = ctx.saved_tensors, g.contiguous()
        if torch.is_grad_enabled() or not _plain(*tensors, g):
            found = ctx.product(*tensors, g)
        elif len(tensors) == 1:
            found = torch.from_numpy(ctx.product(tensors[0].detach().numpy(), g.detach().numpy()))
        else:
            found = tuple(map(torch.from_numpy, ctx.product(*(tensor.detach().numpy() for tensor in (*tensors, g)))))
        return (None, None, found) if len(tensors) == 1 else (None, None, *found)
