"""What functions and modules of PyTorch take: tensors of floats, and parameters that fit them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from actfn.activation import Activation

Tensor = torch.Tensor
FLOATS = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})


def checked(x: Any, name: str) -> Tensor:
    """Return x, or raise TypeError if it is not a tensor of floats.

    Integers have no gradient: whoever means numbers writes ``x.float()``.
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"actfn.torch.{name} takes a torch.Tensor, got {type(x).__name__}; actfn.{name} takes arrays")
    if x.dtype not in FLOATS:
        raise TypeError(
            f"actfn.torch.{name} takes a tensor of float16, bfloat16, float32 or float64, got {x.dtype}; "
            "x.float() makes it one"
        )
    return x


def arguments_of(function: Activation, given: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parameters of a function in their order: floats, and tensors as they are."""
    parameters = function.with_parameters(**given).parameters if given else function.parameters
    for name, parameter in parameters.items():
        if parameter.default is None:
            raise function._missing(name)
    return tuple(as_parameter(p.default) for p in parameters.values())


def numbers_of(function: Activation, given: dict[str, Any]) -> tuple[float, ...]:
    """Return the parameters of a function of rows, which are numbers."""
    found = arguments_of(function, given)
    for name, value in zip(function.parameters, found):
        if not isinstance(value, float):
            raise TypeError(
                f"actfn.torch.{function.name} takes one number as {name}; actfn.{function.name} takes arrays"
            )
    return found


def as_parameter(value: Any) -> Any:
    """Return a parameter as a float or a tensor."""
    if isinstance(value, Tensor):
        return value
    return float(value) if isinstance(value, (int, float)) or np.ndim(value) == 0 else torch.tensor(np.asarray(value))


def refuse_shapes(name: str, x: Tensor, parameters: tuple[Any, ...]) -> None:
    """Raise ValueError unless the parameters that are tensors broadcast against x."""
    for parameter in parameters:
        if isinstance(parameter, Tensor) and parameter.ndim:
            try:
                torch.broadcast_shapes(x.shape, parameter.shape)  # type: ignore[no-untyped-call]
            except RuntimeError:
                raise ValueError(
                    f"actfn.torch.{name}: a parameter of shape {tuple(parameter.shape)} does not broadcast against "
                    f"x of shape {tuple(x.shape)}"
                ) from None


def named(activation: Activation, values: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call by their names."""
    names = [*activation.parameters]
    if len(values) > len(names):
        raise TypeError(f"actfn.torch.{activation.name} takes {len(names)} parameters, got {len(values)}")
    return {**dict(zip(names, values)), **given}


def starts_of(activation: Activation, given: dict[str, Any]) -> dict[str, Any]:
    """Return where parameters that are learnt start: at their defaults, or at their examples where they must be given."""
    settled = activation.with_parameters(**given).parameters
    return {name: p.example if p.default is None else p.default for name, p in settled.items()}
