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

    def call(x: Tensor, up: Tensor | None, axis: int, layout: str, numbers: Sequence[float]) -> Tensor:
        return _value(_known[name][0], axis, _values(name, layout, numbers), _given(x, up))

    def fake(x: Tensor, up: Tensor | None, axis: int, layout: str, numbers: Sequence[float]) -> Tensor:
        place = axis % x.ndim
        half = (*x.shape[:place], x.shape[place] // 2, *x.shape[place + 1 :])
        return x.new_empty(half if up is None else x.shape)

    def product(
        x: Tensor, up: Tensor | None, g: Tensor, axis: int, layout: str, numbers: Sequence[float]
    ) -> list[Tensor]:
        return _product(_known[name][0], axis, _values(name, layout, numbers), _given(x, up), g)

    def fake_product(x: Tensor, up: Tensor | None, *others: Any) -> list[Tensor]:
        return [one.new_empty(one.shape) for one in _given(x, up)]

    ours = "int axis, str layout, float[] numbers"
    for ending, tensors, result, run, shapes in (
        ("", "Tensor x, Tensor? up", "Tensor", call, fake),
        ("_vjp", "Tensor x, Tensor? up, Tensor g", "Tensor[]", product, fake_product),
    ):
        torch_operators.add(name + ending, f"({tensors}, {ours}) -> {result}", run, shapes)
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


def _values(name: str, layout: str, numbers: Sequence[float]) -> dict[str, Any]:
    return {"layout": layout, **dict(zip((p for p in _known[name][0].parameters if p != "layout"), numbers))}


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
    return [torch_operators.as_tensor(one) for one in _by_each(activation, axis, values, (*arrays, slope))]


def _by_each(activation: Any, axis: int, values: Mapping[str, Any], given: Sequence[Any]) -> Sequence[Any]:
    """Return the products by what is given before g, one or two."""
    found: Any = activation.vjp(*given, axis=axis, **values)
    return (found,) if len(given) == 2 else found  # type: ignore[no-any-return]


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
        if torch_fast.undisturbed(g, *tensors):
            return (None, None, None, *_product(activation, axis, values, tensors, g))
        return (None, None, None, *_by_each(activation, axis, values, (*tensors, g)))


_fast = torch_fast.application(_Fast)


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
            values = _values(name, layout, numbers)
            return (None, None, None, None, *_by_each(_known[name][0], axis, values, (*tensors, g)))
        found = _known[name][2](tensors[0], _up(tensors), g, axis, layout, numbers)
        return (None, None, None, None, *found)


def _up(tensors: Sequence[Tensor]) -> Tensor | None:
    return tensors[1] if len(tensors) == 2 else None
