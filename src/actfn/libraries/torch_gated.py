"""Gated functions of PyTorch tensors: by the compiled loops where these can work, else as a product of two functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from actfn import _core
from actfn.libraries import gated, torch_fast, torch_operators
from actfn.libraries.torch_compiled import differentiating
from actfn.libraries.torch_gradients import LIBRARY

Tensor = torch.Tensor

_library = torch.library.Library("actfn", "FRAGMENT")
# What operators, which take numbers and tensors, mean by a name: the activation, and its operators for the value and the product.
_known: dict[str, tuple[Any, Any, Any]] = {}


def value(activation: Any, x: Any, up: Any, axis: int, values: Mapping[str, Any]) -> Tensor:
    """Return a gated function of gate and up, or of one tensor that holds both along an axis."""
    tensors = _given(x, up)
    if all(isinstance(value, (float, int, str)) for value in values.values()):
        if torch.compiler.is_compiling():
            if _operable(activation, tensors):
                activation._divided(tensors, axis, values)
                found: Tensor = _Compiled.apply(activation.name, axis, values["layout"], _numbers(values), *tensors)
                return found
        elif all(torch_fast.applicable(one) and one.ndim and one.dtype is tensors[0].dtype for one in tensors):
            found = _fast(activation, axis, values, *tensors)
            return found
    gate, other = activation._foreign(LIBRARY, x, up, axis, values)
    whole: Tensor = gated.value(LIBRARY, activation._parts, gate, other, values)
    return whole


def define(activation: Any) -> None:
    """Define the operators of a gated function: a compiler cannot look into NumPy."""
    name = activation.name
    if name in _known:
        _known[name] = (activation, *_known[name][1:])
        return

    def values(layout: str, numbers: Sequence[float]) -> dict[str, Any]:
        return {"layout": layout, **dict(zip((p for p in _known[name][0].parameters if p != "layout"), numbers))}

    def call(x: Tensor, up: Tensor | None, axis: int, layout: str, numbers: Sequence[float]) -> Tensor:
        return _value(_known[name][0], axis, values(layout, numbers), _given(x, up))

    def fake(x: Tensor, up: Tensor | None, axis: int, layout: str, numbers: Sequence[float]) -> Tensor:
        place = axis % x.ndim
        half = (*x.shape[:place], x.shape[place] // 2, *x.shape[place + 1 :])
        return x.new_empty(half if up is None else x.shape)

    def product(
        x: Tensor, up: Tensor | None, g: Tensor, axis: int, layout: str, numbers: Sequence[float]
    ) -> list[Tensor]:
        return _product(_known[name][0], axis, values(layout, numbers), _given(x, up), g)

    def fake_product(x: Tensor, up: Tensor | None, *others: Any) -> list[Tensor]:
        return [one.new_empty(one.shape) for one in _given(x, up)]

    ours = "int axis, str layout, float[] numbers"
    for ending, tensors, result, run, shapes in (
        ("", "Tensor x, Tensor? up", "Tensor", call, fake),
        ("_vjp", "Tensor x, Tensor? up, Tensor g", "Tensor[]", product, fake_product),
    ):
        _library.define(f"{name}{ending}({tensors}, {ours}) -> {result}", tags=(torch.Tag.pt2_compliant_tag,))
        _library.impl(name + ending, run, "CPU")
        torch.library.register_fake(f"actfn::{name}{ending}", shapes, lib=_library)
    _known[name] = (activation, *(getattr(torch.ops.actfn, name + ending).default for ending in ("", "_vjp")))


def _given(x: Tensor, up: Tensor | None) -> tuple[Tensor, ...]:
    return (x,) if up is None else (x, up)


def _operable(activation: Any, tensors: Sequence[Tensor]) -> bool:
    return (
        activation.name in _known
        and not torch.compiler.is_exporting()
        and not differentiating()
        and all(torch_operators.available(one) and one.ndim and one.dtype is tensors[0].dtype for one in tensors)
    )


def _numbers(values: Mapping[str, Any]) -> list[float]:
    return [float(value) for name, value in values.items() if name != "layout"]


def _value(activation: Any, axis: int, values: Mapping[str, Any], tensors: Sequence[Tensor]) -> Tensor:
    arrays = [torch_operators.as_array(one) for one in tensors]
    gate, up = activation._divided(arrays, axis, values)
    result = tensors[0].new_empty(gate.shape)
    out = torch_operators.as_array(result)
    if _directly(result):
        _core.gates[activation.name](gate, up, *map(np.float64, _numbers(values)), out)
    else:
        activation(*arrays, axis=axis, out=out, **values)
    return result


def _product(
    activation: Any, axis: int, values: Mapping[str, Any], tensors: Sequence[Tensor], g: Tensor
) -> list[Tensor]:
    x = tensors[0]
    arrays, slope = [torch_operators.as_array(one) for one in tensors], torch_operators.as_array(g)
    if _directly(x) and g.dtype is x.dtype:
        results = [one.new_empty(one.shape) for one in tensors]
        targets = activation._divided([torch_operators.as_array(one) for one in results], axis, values)
        gate, up = activation._divided(arrays, axis, values)
        _core.gates[f"{activation.name}_vjp"](gate, up, slope, *map(np.float64, _numbers(values)), *targets)
        return results
    found = activation.vjp(*arrays, slope, axis=axis, **values)
    return [torch_operators.as_tensor(one) for one in ((found,) if len(tensors) == 1 else found)]


def _directly(x: Tensor) -> bool:
    return x.dtype is torch.float32 and torch_fast.alone(x.numel())


class _Fast(torch.autograd.Function):
    """For plain tensors: with the least overhead."""

    @staticmethod
    def forward(ctx: Any, activation: Any, axis: int, values: Mapping[str, Any], *tensors: Tensor) -> Tensor:
        ctx.given = activation, axis, values
        ctx.save_for_backward(*tensors)
        return _value(activation, axis, values, tensors)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        tensors = ctx.saved_tensors
        activation, axis, values = ctx.given
        if torch.is_grad_enabled() or not torch_fast.applicable(g) or not all(map(torch_fast.plain, tensors)):
            found = activation.vjp(*tensors, g, axis=axis, **values)
            return (None, None, None, found) if len(tensors) == 1 else (None, None, None, *found)
        return (None, None, None, *_product(activation, axis, values, tensors, g))


# What Function.apply adds is for transformations, which do not come here.
_fast: Any = super(torch.autograd.Function, _Fast).apply  # type: ignore[misc]


class _Compiled(torch.autograd.Function):
    """For ``torch.compile``."""

    @staticmethod
    def forward(ctx: Any, name: str, axis: int, layout: str, numbers: list[float], *tensors: Tensor) -> Tensor:
        ctx.given = name, axis, layout, numbers
        ctx.save_for_backward(*tensors)
        found: Tensor = _known[name][1](tensors[0], _up(tensors), axis, layout, numbers)
        return found

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        name, axis, layout, numbers = ctx.given
        tensors = ctx.saved_tensors
        if torch.is_grad_enabled():
            activation = _known[name][0]
            values = dict(zip((p for p in activation.parameters if p != "layout"), numbers))
            found = activation.vjp(*tensors, g, axis=axis, layout=layout, **values)
            return (None, None, None, None, *((found,) if len(tensors) == 1 else found))
        found = _known[name][2](tensors[0], _up(tensors), g, axis, layout, numbers)
        return (None, None, None, None, *found)


def _up(tensors: Sequence[Tensor]) -> Tensor | None:
    return tensors[1] if len(tensors) == 2 else None
