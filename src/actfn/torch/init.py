"""Initial weights for layers before any activation function: gains from the function itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn

from actfn.activation import Activation, get
from actfn.normal import expectation, moment

Function = str | Activation | Callable[[torch.Tensor], torch.Tensor]


def gain(function: Function, **parameters: Any) -> float:
    """Return 1 / sqrt(E f(z)^2) for a standard normal z: with weights scaled by it, the second moment stays 1 from layer to layer.

    Parameters
    ----------
    function : str, Activation or callable
        A callable takes and returns a tensor; kinks of it that are no multiples of 1/2 cost digits, of which five are left.
    **parameters
        Of a function of the catalogue.

    Raises
    ------
    UnknownNameError
        If there is no function of that name.
    TypeError
        If the function is not elementwise, or a parameter must be given and is not.
    ValueError
        If there is no such number, because a normal number leaves the domain, or the function is zero.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> round(A.init.gain("relu"), 8), round(A.init.gain("mish"), 8), round(A.init.gain(torch.nn.Hardswish()), 5)
    (1.41421356, 1.48684758, 1.73666)
    """
    if isinstance(function, str):
        function = get(function)
    if isinstance(function, Activation):
        square = _moment(function.with_parameters(**parameters))
    elif parameters:
        raise TypeError(f"{next(iter(parameters))}= goes with a function of the catalogue, not with {function!r}")
    else:
        square = expectation(lambda z: function(torch.from_numpy(z)).detach().numpy() ** 2)
    if not 0 < square < math.inf:
        raise ValueError(f"{function!r} has no gain: E f(z)^2 is {square:g}")
    return 1 / math.sqrt(square)


@cache
def _moment(activation: Activation) -> float:
    if activation.kind != "elementwise":
        raise TypeError(f"{activation.name} has no gain, since each output depends on several inputs")
    return moment(activation)


def _deviation(tensor: torch.Tensor, function: Function, mode: str, parameters: dict[str, Any]) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    if tensor.ndim < 2:
        raise ValueError(f"weights have at least two dimensions, got shape {tuple(tensor.shape)}")
    field = math.prod(tensor.shape[2:])
    fan = tensor.shape[1 if mode == "fan_in" else 0] * field
    return gain(function, **parameters) / math.sqrt(max(fan, 1))


def kaiming_normal_(
    tensor: torch.Tensor,
    function: Function,
    mode: str = "fan_in",
    generator: torch.Generator | None = None,
    **parameters: Any,
) -> torch.Tensor:
    """Fill weights, in place, with normal numbers of deviation gain / sqrt(fan).

    He, Zhang, Ren & Sun 2015, Delving deep into rectifiers, arXiv:1502.01852, with the gain of any function.

    Raises
    ------
    ValueError
        If the mode is unknown, or the tensor has less than two dimensions.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> weight = A.init.kaiming_normal_(torch.empty(512, 512), "mish", generator=torch.Generator().manual_seed(0))
    >>> round(float(weight.std()) * 512**0.5, 2)
    1.49
    """
    return nn.init.normal_(tensor, 0.0, _deviation(tensor, function, mode, parameters), generator)


def kaiming_uniform_(
    tensor: torch.Tensor,
    function: Function,
    mode: str = "fan_in",
    generator: torch.Generator | None = None,
    **parameters: Any,
) -> torch.Tensor:
    """Fill weights, in place, with uniform numbers of deviation gain / sqrt(fan).

    Raises
    ------
    ValueError
        If the mode is unknown, or the tensor has less than two dimensions.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> weight = A.init.kaiming_uniform_(torch.empty(512, 512), "relu", generator=torch.Generator().manual_seed(0))
    >>> round(float(weight.std()) * 512**0.5, 2)
    1.41
    """
    bound = math.sqrt(3.0) * _deviation(tensor, function, mode, parameters)
    return nn.init.uniform_(tensor, -bound, bound, generator)
