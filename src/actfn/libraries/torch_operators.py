"""The compiled loops as operators of PyTorch, ``torch.ops.actfn``: on CPU tensors, without a copy, in any tracer or compiler.

An operator bears the name of its ufunc. Its parameters are floats, or tensors in the overload ``Tensor``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from actfn import _core, parallel
from actfn.arrays import InterpretedFunction
from actfn.functions import declared
from actfn.functions.declare import Declaration
from actfn.libraries import torch_fast
from actfn.libraries.numpy_rows import InterpretedRows

Tensor = torch.Tensor
KERNELS = {"": "value", "_d1": "first", "_d2": "second", "_vjp": "first"}

DTYPES = {torch.float32, torch.float64, torch.float16}
if importlib.util.find_spec("ml_dtypes") is not None:
    import ml_dtypes

    DTYPES.add(torch.bfloat16)

_library = torch.library.Library("actfn", "DEF")
# Each operator by the name of its ufunc: for float parameters, and for tensors.
_operators: dict[str, tuple[Any, Any]] = {}


def available(x: Tensor) -> bool:
    """Tell whether the compiled loops take a tensor."""
    return x.device.type == "cpu" and x.dtype in DTYPES


def operator(declaration: Declaration, suffix: str, parameters: tuple[Any, ...]) -> Any:
    """Return the operator of a compiled ufunc that takes parameters of these kinds, or None if it is not compiled."""
    found = _operators.get(declaration.name + suffix)
    if found is None:
        return None
    return found[any(isinstance(value, Tensor) for value in parameters)]


def rows(name: str) -> Any:
    """Return the operator of a compiled gufunc, by the gufunc's name."""
    return _operators[name][0]


def as_array(x: Tensor) -> np.ndarray[Any, Any]:
    """Return a view of a tensor's memory."""
    x = x.detach()
    if x.is_neg():
        x = x.resolve_neg()
    if x.dtype is torch.bfloat16:
        bits: np.ndarray[Any, Any] = x.view(torch.int16).numpy()
        return bits.view(ml_dtypes.bfloat16)
    array: np.ndarray[Any, Any] = x.numpy()
    return array


def as_tensor(array: np.ndarray[Any, Any]) -> Tensor:
    """Return a tensor of an array's memory."""
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _run(ufunc: Any, tensors: tuple[Tensor, ...], parameters: tuple[Any, ...]) -> Tensor:
    x = tensors[0]
    if isinstance(ufunc, np.ufunc) and _plain(tensors) and not any(isinstance(value, Tensor) for value in parameters):
        return torch_fast.run(ufunc, tensors, parameters)
    arrays = [as_array(tensor if tensor.dtype is x.dtype else tensor.to(x.dtype)) for tensor in tensors]
    values = [as_array(value.double()) if isinstance(value, Tensor) else np.float64(value) for value in parameters]
    result = _empty(tensors, parameters)
    out = as_array(result)
    if not torch_fast.alone(x.numel()):
        parallel.call(ufunc, (*arrays, *values), {"out": out})
    else:
        ufunc(*arrays, *values, out=out)
    return result


def _plain(tensors: Sequence[Tensor]) -> bool:
    x = tensors[0]
    return all(torch_fast.plain(t) and t.dtype is x.dtype and t.shape == x.shape for t in tensors)


def _plain_rows(tensors: Sequence[Tensor], from_number: bool) -> bool:
    """Tell the same of rows, and of a cotangent that is one number for each row."""
    x, *g = tensors
    shape = x.shape[:-1] if from_number else x.shape
    return _plain(tensors[:1]) and all(torch_fast.plain(t) and t.dtype is x.dtype and t.shape == shape for t in g)


def _empty(tensors: tuple[Tensor, ...], parameters: tuple[Any, ...]) -> Tensor:
    """Return the tensor that a result is written to: laid out as x is, unless x is broadcast."""
    x = tensors[0]
    others = [t for t in (*tensors[1:], *parameters) if isinstance(t, Tensor) and t.shape != x.shape]
    shape = torch.broadcast_shapes(x.shape, *(t.shape for t in others)) if others else x.shape
    return torch.empty_like(x) if shape == x.shape else x.new_empty(shape)


def add(name: str, signature: str, call: Any, fake: Any) -> None:
    """Add an operator for CPU tensors, with what tells a tracer the shape of its result."""
    _library.define(name + signature, tags=(torch.Tag.pt2_compliant_tag,))
    _library.impl(name, call, "CPU")
    torch.library.register_fake(f"actfn::{name}", fake, lib=_library)


def _define(name: str, inputs: int, parameters: tuple[str, ...], ufunc: Any) -> None:
    tensors = ", ".join(("Tensor x", "Tensor g")[:inputs])

    def call(*arguments: Any) -> Tensor:
        return _run(ufunc, arguments[:inputs], arguments[inputs:])

    def fake(*arguments: Any) -> Tensor:
        return _empty(arguments[:inputs], arguments[inputs:])

    overloads = []
    for overload, kind in (("", "float"), (".Tensor", "Tensor"))[: 2 if parameters else 1]:
        typed = "".join(f", {kind} {parameter}" for parameter in parameters)
        add(name + overload, f"({tensors}{typed}) -> Tensor", call, fake)
        overloads.append(getattr(getattr(torch.ops.actfn, name), overload[1:] or "default"))
    _operators[name] = (overloads[0], overloads[-1])


def _define_rows(name: str, inputs: int, loop: Any, reduces: bool = False) -> None:
    def call(*arguments: Any) -> Tensor:
        *tensors, axis, parameters = arguments
        x = tensors[0]
        alone = torch_fast.alone(x.numel())
        ufunc = loop if isinstance(loop, np.ufunc) else loop.narrow if x.dtype is torch.float32 else None
        if alone and ufunc is not None and axis == x.ndim - 1 and _plain_rows(tensors, from_number=loop is not ufunc):
            return torch_fast.run_rows(ufunc, tuple(tensors), to_number=reduces)
        arrays = [as_array(tensor if tensor.dtype is x.dtype else tensor.to(x.dtype)) for tensor in tensors]
        result = fake(*arguments)
        run = partial(loop, parameters=tuple(parameters)) if parameters else loop
        if not alone and not reduces:
            parallel.call_rows(run, tuple(arrays), axis, {"out": as_array(result)})
        else:
            run(*arrays, axis=axis, out=as_array(result))
        return result

    def fake(x: Tensor, *others: Any) -> Tensor:
        axis = others[-2]
        return x.new_empty(x.shape[:axis] + x.shape[axis + 1 :]) if reduces else torch.empty_like(x)

    tensors = ", ".join(("Tensor x", "Tensor g")[:inputs])
    add(name, f"({tensors}, int axis, float[] parameters) -> Tensor", call, fake)
    found = getattr(torch.ops.actfn, name).default
    _operators[name] = (found, found)


def define(declaration: Declaration) -> None:
    """Define the operators of a declaration, where it is compiled."""
    name, parameters = declaration.name, tuple(declaration.parameters)
    if declaration.kind == "simplex":
        for suffix, inputs, kernel in (("", 1, "value"), ("_vjp", 2, "vjp")):
            if declaration.kernels:
                _define_rows(
                    name + suffix, inputs, InterpretedRows(declaration, kernel), declaration.reduces and not suffix
                )
            elif (ufunc := _core.ufuncs.get(name + suffix)) is not None:
                _define_rows(name + suffix, inputs, ufunc)
        return
    kernels = {**KERNELS, **{f"_{way}_{p}": f"partial_{p}" for p in parameters for way in ("d", "vjp")}}
    for suffix, kernel in kernels.items():
        if (ufunc := _core.ufuncs.get(name + suffix) or _interpreted(declaration, suffix, kernel)) is not None:
            _define(name + suffix, 2 if "_vjp" in suffix else 1, parameters, ufunc)


def _interpreted(declaration: Declaration, suffix: str, kernel: str) -> Any:
    """Return a kernel over NumPy for a factor that is no function of its own, and so has no compiled loop."""
    if declaration.kind != "elementwise" or declaration.name in _known:
        return None
    return InterpretedFunction(declaration.name, declaration.kernels[kernel], times_g="_vjp" in suffix)


_known = declared()
for _declaration in _known.values():
    define(_declaration)
    for _part in _declaration.parts.values():
        if _part.name not in _known:
            define(_part)
