"""Every function of the catalogue as a function of PyTorch tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from actfn.activation import Activation
from actfn.frontends.torch_inputs import arguments_of, as_parameter, checked, numbers_of, refuse_shapes
from actfn.frontends.torch_kinds import OTHERS
from actfn.libraries import torch_gated, torch_gradients, torch_groups, torch_rows
from actfn.libraries.torch_gradients import LIBRARY

Tensor = torch.Tensor


def function_of(activation: Activation) -> Callable[..., Tensor]:
    """Return an activation as a function of tensors."""
    name, declaration = activation.name, activation._declaration
    if activation.kind == "simplex":

        def along(x: Tensor, dim: int, parameters: tuple[float, ...] = ()) -> Tensor:
            checked(x, name)
            if not isinstance(dim, int) or not -max(x.ndim, 1) <= dim < max(x.ndim, 1):
                raise IndexError(f"actfn.torch.{name}: dim must be from {-x.ndim} to {x.ndim - 1}, got {dim!r}")
            if x.ndim:
                return torch_rows.apply(name, x, dim, parameters)
            one = torch_rows.apply(name, x[None], 0, parameters)
            return one if declaration.reduces else one[0]

        def rows(x: Tensor, dim: int = -1) -> Tensor:
            return along(x, dim)

        def rows_with_parameters(x: Tensor, *values: Any, dim: int = -1, **given: Any) -> Tensor:
            if len(values) > len(declaration.parameters):
                raise TypeError(f"actfn.torch.{name} takes {len(declaration.parameters)} parameters, got {len(values)}")
            return along(x, dim, numbers_of(activation, {**dict(zip(declaration.parameters, values)), **given}))

        made: Callable[..., Tensor] = rows_with_parameters if declaration.parameters else rows
    elif activation.kind == "grouped":

        def groups(x: Tensor, group_size: int, dim: int = -1, grouping: str = "contiguous") -> Tensor:
            checked(x, name)
            if grouping not in ("contiguous", "strided"):
                raise ValueError(f"actfn.torch.{name}: grouping must be 'contiguous' or 'strided', got {grouping!r}")
            if not isinstance(group_size, int) or group_size < 1:
                raise ValueError(f"actfn.torch.{name}: group_size must be a positive integer, got {group_size!r}")
            if not isinstance(dim, int) or not -x.ndim <= dim < x.ndim or x.shape[dim] % group_size:
                raise ValueError(
                    f"actfn.torch.{name}: axis {dim} of x of shape {tuple(x.shape)} is not a multiple of {group_size} long"
                )
            return torch_groups.maxout(x, group_size, dim, grouping)

        made = groups
    elif activation.kind == "gated":
        torch_gated.define(activation)

        def gates(x: Tensor, up: Tensor | None = None, dim: int = -1, **given: Any) -> Tensor:
            settled = activation.with_parameters(**given) if given else activation
            return gated(settled, settled._given({}), x, up, dim)  # type: ignore[attr-defined]

        made = gates
    elif activation.kind == "channelwise":

        def channels(x: Tensor, dim: int = 1) -> Tensor:
            return channelwise(activation, x, dim)

        made = channels
    elif activation.kind in OTHERS:
        made = OTHERS[activation.kind](activation)
    elif declaration.parameters:
        defaults = tuple(None if p.default is None else as_parameter(p.default) for p in activation.parameters.values())

        def with_parameters(x: Tensor, *values: Any, inplace: bool = False, **given: Any) -> Tensor:
            checked(x, name)
            parameters = defaults
            if values or given or None in defaults:
                if len(values) > len(defaults):
                    raise TypeError(f"actfn.torch.{name} takes {len(defaults)} parameters, got {len(values)}")
                parameters = arguments_of(activation, {**dict(zip(declaration.parameters, values)), **given})
                refuse_shapes(name, x, parameters)
            return (
                in_place(activation, x, parameters)
                if inplace
                else torch_gradients.elementwise(declaration, "value", x, parameters)
            )

        made = with_parameters
    else:

        def plain(x: Tensor, inplace: bool = False) -> Tensor:
            checked(x, name)
            return in_place(activation, x, ()) if inplace else torch_gradients.elementwise(declaration, "value", x, ())

        made = plain
    made.__name__ = made.__qualname__ = name
    made.__module__ = "actfn.torch"
    made.__doc__ = documentation(activation)
    return made


def gated(activation: Any, values: dict[str, Any], x: Tensor, up: Tensor | None, dim: int) -> Tensor:
    """Return the value of a gated function of two tensors, or of one that holds gate and up along an axis."""
    checked(x, activation.name)
    if up is not None and checked(up, activation.name).dtype != x.dtype:
        raise TypeError(f"actfn.torch.{activation.name}: gate is {x.dtype} and up {up.dtype}; they must be alike")
    return torch_gated.value(activation, x, up, dim, values)


def channelwise(activation: Any, x: Tensor, dim: int) -> Tensor:
    """Return the value of a function of the channels along an axis."""
    declaration = activation._declaration.parts["function"]

    def part(piece: Tensor) -> Tensor:
        return torch_gradients.elementwise(declaration, "value", piece, ())

    found: Tensor = activation._foreign(LIBRARY, part, checked(x, activation.name), dim)
    return found


def in_place(activation: Activation, x: Tensor, parameters: tuple[Any, ...]) -> Tensor:
    """Write the value over x, or raise ValueError where the derivative needs x."""
    if not torch_gradients.may_work_in_place(activation._declaration, parameters):
        raise ValueError(
            f"actfn.torch.{activation.name} cannot work in place: its derivative does not follow from its value; "
            "that of relu does, and that of leaky_relu with a positive negative_slope"
        )
    return torch_gradients.in_place(activation._declaration, x, parameters)


# What a call takes beside x and the parameters, by the kind of function.
BESIDE = {
    "elementwise": (("inplace : bool", "Write over x; ValueError unless the derivative follows from the value."),),
    "expansion": (),
    "stochastic": (
        ("training : bool, optional", "Whether there is noise; by default, if a generator or a sample is given."),
        ("generator : torch.Generator, optional", "Where noise is drawn from; PyTorch's own by default."),
        ("sample : torch.Tensor, optional", "Noise drawn before, of x's shape."),
    ),
    "batchwise": (
        ("dim : int", "The axis of the channels."),
        ("training : bool", "Whether mean and variance are those of x."),
        ("mean, variance : float or torch.Tensor", "Those of evaluation, one number or one for each channel."),
    ),
}
ALONG = (("dim : int", "The axis of the rows, groups, channels, or of gate and up."),)
HARD = (("hard : bool", "Whether the largest entry of a row becomes 1 and the others 0; the gradient stays."),)


def documentation(activation: Activation) -> str:
    """Return the docstring of an activation's function of tensors."""
    lines = [activation.summary, "", "Parameters", "----------", "x : torch.Tensor", "    Any shape, of floats."]
    numeric = activation.kind in BESIDE
    for p in activation.parameters.values():
        kind = "float or torch.Tensor" if numeric else type(p.example or p.default).__name__
        lines += [f"{p.name} : {kind}", f"    {p.description[0].upper()}{p.description[1:]}."]
    beside = BESIDE.get(activation.kind, ALONG)
    if activation.kind == "stochastic" and activation._declaration.along_axis:
        beside = (*beside, *ALONG, *HARD)
    for name, meaning in beside:
        lines += [name, f"    {meaning}"]
    return "\n".join([*lines, "", "Papers", "------", *(activation.papers or ("none",))])
