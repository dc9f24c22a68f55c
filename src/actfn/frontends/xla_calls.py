"""The compiled ufuncs as calls of a program that XLA has compiled for the CPU.

XLA calls a handler with the addresses of its buffers; the handler calls a ufunc on them, without a copy. The structures are those of
XLA's stable foreign function interface, version 0. A call is known by its name alone, so that a compiled program may be kept on disk.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from functools import cache, partial
from typing import Any

import ml_dtypes
import numpy as np

from actfn import parallel
from actfn.activation import compiled
from actfn.catalogue import find
from actfn.libraries.numpy_rows import InterpretedRows

TARGET = "actfn_ufunc"

# The numbers that XLA has for the dtypes of floats.
DTYPES = {
    10: np.dtype(np.float16),
    11: np.dtype(np.float32),
    12: np.dtype(np.float64),
    16: np.dtype(ml_dtypes.bfloat16),
}
METADATA, EXECUTE, INTERNAL = 1, 3, 13
WRITABLE = 0x200

memory = ctypes.pythonapi.PyMemoryView_FromMemory
memory.argtypes, memory.restype = (c_void_p, ctypes.c_ssize_t, c_int), ctypes.py_object


class Header(Structure):
    """What every structure begins with."""

    _fields_ = (("size", c_size_t), ("extension", c_void_p))


class Version(Structure):
    _fields_ = (("header", Header), ("major", c_int), ("minor", c_int))


class Failure(Structure):
    _fields_ = (("header", Header), ("message", c_char_p), ("code", c_int))


class Api(Structure):
    _fields_ = (
        ("header", Header),
        ("version", Version),
        ("internal", c_void_p),
        ("failed", CFUNCTYPE(c_void_p, POINTER(Failure))),
    )


class Metadata(Structure):
    _fields_ = (("size", c_size_t), ("version", Version), ("traits", c_uint32))


class Extension(Structure):
    _fields_ = (("size", c_size_t), ("kind", c_int), ("next", c_void_p), ("metadata", POINTER(Metadata)))


class Buffer(Structure):
    _fields_ = (
        ("header", Header),
        ("dtype", c_int),
        ("data", c_void_p),
        ("rank", c_int64),
        ("shape", POINTER(c_int64)),
    )


class Buffers(Structure):
    _fields_ = (("header", Header), ("count", c_int64), ("kinds", c_void_p), ("buffers", POINTER(POINTER(Buffer))))


class Text(Structure):
    _fields_ = (("start", c_void_p), ("length", c_size_t))


class Attributes(Structure):
    _fields_ = (
        ("header", Header),
        ("count", c_int64),
        ("kinds", c_void_p),
        ("names", c_void_p),
        ("values", POINTER(POINTER(Text))),
    )


class Frame(Structure):
    """One call: its stage, its buffers, and the name of the ufunc as its only attribute."""

    _fields_ = (
        ("size", c_size_t),
        ("extension", POINTER(Extension)),
        ("api", POINTER(Api)),
        ("context", c_void_p),
        ("stage", c_int),
        ("inputs", Buffers),
        ("results", Buffers),
        ("attributes", Attributes),
    )


def array(buffer: Any) -> Any:
    """Return a buffer as an array."""
    found = buffer.contents
    shape, dtype = tuple(found.shape[: found.rank]), DTYPES[found.dtype]
    size = math.prod(shape)
    return np.ndarray(shape, dtype, memory(found.data, size * dtype.itemsize, WRITABLE)) if size else np.empty(shape)


def name_of(ufunc: str, constants: tuple[float | None, ...] = (), axis: int | None = None) -> str:
    """Return the name of a call: the ufunc, its parameters that are known, and the axis of rows.

    Examples
    --------
    >>> name_of("hard_sigmoid", (0.5, None)), name_of("softmax", axis=-1)
    ('hard_sigmoid 0x1.0000000000000p-1 ?', 'softmax axis=-1')
    """
    known = ("?" if value is None else float(value).hex() for value in constants)
    return " ".join([ufunc, *known, *([] if axis is None else [f"axis={axis}"])])


@cache
def resolve(name: bytes) -> Callable[[list[Any], Any], None]:
    """Return what a call's name means, as a function of its inputs and its result."""
    ufunc_name, *rest = name.decode().split(" ")
    ufunc: Any = compiled(ufunc_name)
    if rest and rest[-1].startswith("axis="):
        axis = int(rest[-1].removeprefix("axis="))
        if ufunc is None:
            parameters = tuple(map(float.fromhex, rest[:-1]))
            ufunc = partial(InterpretedRows(find(ufunc_name), "value"), parameters=parameters)

        def rows(inputs: list[Any], out: Any) -> None:
            if out.size >= parallel.LEAST and out.shape == inputs[0].shape:
                parallel.call_rows(ufunc, tuple(inputs), axis, {"out": out})
            else:
                ufunc(*inputs, axis=axis, out=out)

        return rows
    constants = [None if value == "?" else np.float64(float.fromhex(value)) for value in rest]
    operands = ufunc.nin - len(constants)

    def elementwise(inputs: list[Any], out: Any) -> None:
        given = iter(inputs[operands:])
        parameters = (next(given).astype(np.float64) if value is None else value for value in constants)
        arguments = (*inputs[:operands], *parameters)
        if out.size >= parallel.LEAST:
            parallel.call(ufunc, arguments, {"out": out})
        else:
            ufunc(*arguments, out=out)

    return elementwise


def failed(frame: Any, message: str) -> int | None:
    """Return XLA's object for an error."""
    failure = Failure(Header(ctypes.sizeof(Failure), None), message.encode(), INTERNAL)
    found: int | None = frame.api.contents.failed(ctypes.byref(failure))
    return found


def handle(pointer: Any) -> int | None:
    """Do what XLA asks for: state the interface's version, or run a ufunc."""
    frame = pointer.contents
    try:
        if frame.extension and frame.extension.contents.kind == METADATA:
            metadata = frame.extension.contents.metadata.contents
            # Nothing newer than version 0.1 is used; the first XLA of that version does not state its own.
            minor = frame.api.contents.version.minor if frame.api else 1
            metadata.version.major, metadata.version.minor, metadata.traits = 0, minor, 0
        elif frame.stage == EXECUTE:
            text = frame.attributes.values[0].contents
            out = array(frame.results.buffers[0])
            if out.size:
                inputs = frame.inputs
                resolve(ctypes.string_at(text.start, text.length))(
                    [array(b) for b in inputs.buffers[: inputs.count]], out
                )
        return None
    except BaseException as error:  # noqa: BLE001
        # An exception must not leave a callback.
        return failed(frame, f"actfn: {type(error).__name__}: {error}")


handler = CFUNCTYPE(c_void_p, POINTER(Frame))(handle)
