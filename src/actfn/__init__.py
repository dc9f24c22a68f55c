"""Every activation function with its value, derivatives and vector-Jacobian product, right to the last bit.

Examples
--------
>>> import numpy as np, actfn
>>> actfn.relu(np.array([-1.0, 0.0, 2.0]))
array([0., 0., 2.])
>>> float(actfn.sigmoid.derivative(0.0))
0.25
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

# Every ufunc pickles as an attribute of actfn.ufuncs, so that this module must be there from the start.
from actfn import _core, ufuncs
from actfn.activation import Activation, elementwise, get, is_builtin
from actfn.catalogue import UnknownNameError, names, search
from actfn.functions.declare import Interval, Kink, Parameter
from actfn.information import info
from actfn.parallel import get_num_threads, set_num_threads

if TYPE_CHECKING:
    from actfn import accuracy, derivation, frameworks, layers, properties, testing
    from actfn import plot as plot
    from actfn.accuracy.check import check
    from actfn.frameworks import AmbiguousNameError, lookup, translate

__all__ = [
    "Activation",
    "AmbiguousNameError",
    "Interval",
    "Kink",
    "Parameter",
    "UnknownNameError",
    "accuracy",
    "check",
    "derivation",
    "elementwise",
    "frameworks",
    "get",
    "get_num_threads",
    "info",
    "layers",
    "lookup",
    "names",
    "properties",
    "search",
    "set_num_threads",
    "testing",
    "translate",
    "ufuncs",
]

# plot is not in __all__: a star import must not need matplotlib.
_SUBMODULES = frozenset(
    {"accuracy", "derivation", "frameworks", "jax", "keras", "layers", "plot", "properties", "testing", "torch"}
)
_MEMBERS = {
    "check": "actfn.accuracy",
    **dict.fromkeys(("AmbiguousNameError", "lookup", "translate"), "actfn.frameworks"),
}


def _register_bfloat16() -> None:
    # NumPy keeps the first loop that it finds for a type, so that this cannot wait for the first call.
    if importlib.util.find_spec("ml_dtypes") is not None:
        import ml_dtypes
        import numpy

        _core.register_bfloat16(numpy.dtype(ml_dtypes.bfloat16).num)


_register_bfloat16()


def __getattr__(name: str) -> Activation:
    if name in _SUBMODULES:
        return importlib.import_module(f"actfn.{name}")  # type: ignore[return-value]
    if name in _MEMBERS:
        return getattr(importlib.import_module(_MEMBERS[name]), name)  # type: ignore[no-any-return]
    if name.startswith("_"):
        raise AttributeError(f"module 'actfn' has no attribute {name!r}")
    try:
        activation = get(name)
    except UnknownNameError as error:
        raise AttributeError(str(error)) from None
    # One that a user declares may be declared again.
    if is_builtin(activation):
        globals()[name] = activation
    return activation


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES, *names()})
