"""Every activation function for Keras 3, on its backends JAX, PyTorch and NumPy.

``register`` makes the functions known by name: ``activation="actfn>mish"``. :class:`Function` gives one other parameters. Functions
that learn, draw noise, follow the data or change the shape are layers: PReLU, Swish, APL, RReLU, Dice, Maxout, SwiGLU. Models are saved and loaded as any; to load one it is enough to import this module.
Derivatives are those of :mod:`actfn.jax` and of ``actfn.torch``.

Examples
--------
>>> import keras, actfn.keras as A
>>> A.register()
>>> layer = keras.layers.Dense(64, activation="actfn>mish")
>>> layer.activation
actfn.keras.Function('mish')
>>> model = keras.Sequential([keras.Input((3,)), layer, A.Swish(), keras.layers.Dense(2), A.PReLU()])
>>> model.output_shape
(None, 2)
"""

from __future__ import annotations

from typing import Any

try:
    import keras as _keras  # noqa: F401
except ModuleNotFoundError as error:
    message = 'actfn.keras needs Keras: pip install "actfn[keras]"'
    raise ModuleNotFoundError(message, name=error.name) from None

from actfn import catalogue
from actfn.activation import get
from actfn.frontends.keras_functions import PACKAGE, Function
from actfn.frontends.keras_kinds import base_of, layer_of
from actfn.frontends.keras_layers import Maxout, PReLU
from actfn.frontends.names import class_name

# Those that keep the shape and need no parameter.
functions = {
    name: Function(name)
    for name in catalogue.names()
    if get(name).kind in ("elementwise", "simplex")
    and not get(name)._declaration.reduces
    and all(p.default is not None for p in get(name).parameters.values())
}
# The others have layers, and so have those that learn.
layers = {
    "PReLU": PReLU,
    "Maxout": Maxout,
    **{class_name(name): layer_of(name) for name in catalogue.names() if name != "prelu" and base_of(get(name))},
}
globals().update({**functions, **layers})

__all__ = ["Function", "register", *functions, *layers]  # noqa: PLE0604


def register() -> None:
    """Make every function known to Keras as ``actfn>name``, wherever it takes the name of an activation."""
    from keras.src.activations import ALL_OBJECTS_DICT

    ALL_OBJECTS_DICT.update({f"{PACKAGE}>{name}": function for name, function in functions.items()})


def __getattr__(name: str) -> Any:
    import difflib

    close = difflib.get_close_matches(name, __all__, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close and not name.startswith("_") else ""
    raise AttributeError(f"module 'actfn.keras' has no attribute {name!r}{hint}")
