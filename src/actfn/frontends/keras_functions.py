"""Activation functions as objects of Keras: called on tensors of the backend, found by name, saved with a model."""

from __future__ import annotations

from typing import Any

import keras
from keras import KerasTensor

from actfn.activation import Activation, get
from actfn.frontends.names import class_name

PACKAGE = "actfn"


def run(activation: Activation, x: Any, parameters: dict[str, Any]) -> Any:
    """Return an activation of a tensor of Keras's backend, differentiable there.

    Raises
    ------
    ValueError
        If the backend is another one than JAX, PyTorch and NumPy.
    """
    backend = keras.backend.backend()
    x = keras.ops.convert_to_tensor(x)
    if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(x.dtype)):
        x = keras.ops.cast(x, keras.config.floatx())
    if backend == "jax":
        import actfn.jax

        return actfn.jax.functions[activation.name](x, **parameters)
    if backend == "torch":
        import actfn.torch

        if "axis" in parameters:
            parameters = {("dim" if name == "axis" else name): value for name, value in parameters.items()}
        return actfn.torch.functions[activation.name](x, **parameters)
    if backend == "numpy":
        return activation(x, **parameters)
    raise ValueError(f"actfn.keras works on Keras's backends jax, torch and numpy, not on {backend}")


@keras.saving.register_keras_serializable(package=PACKAGE)
class Function:
    """An activation function with its parameters: what ``activation=`` of a layer takes.

    Parameters
    ----------
    name : str
        A name or alias of a function of the catalogue, elementwise or of rows.
    **parameters
        Numbers; for functions of rows also the ``axis``.

    Raises
    ------
    ValueError
        If there is no such function, a parameter is outside its domain, or the function does not keep the shape.
    TypeError
        If a parameter is unknown or missing.

    Examples
    --------
    >>> import actfn.keras as A
    >>> steep = A.Function("leaky_relu", negative_slope=0.5)
    >>> [float(y) for y in steep([-4.0, 2.0])]
    [-2.0, 2.0]
    >>> steep
    actfn.keras.Function('leaky_relu', negative_slope=0.5)
    """

    def __init__(self, name: str, **parameters: Any) -> None:
        activation = get(name)
        if activation.kind not in ("elementwise", "simplex") or activation._declaration.reduces:
            raise ValueError(
                f"{activation.name} is no function from each number or row to one like it: use the layer "
                f"actfn.keras.{class_name(activation.name)}"
            )
        if activation.kind == "simplex":
            own = {key: value for key, value in parameters.items() if key in activation.parameters}
            unknown = parameters.keys() - {"axis", *own}
            if unknown:
                listed = ", ".join([*activation.parameters, "axis"])
                raise TypeError(f"{activation.name} has no parameter {min(unknown)!r}; it takes {listed}")
            activation.with_parameters(**own)
        else:
            activation = activation.with_parameters(**parameters)
            missing = [p for p in activation.parameters.values() if p.default is None]
            if missing:
                raise TypeError(
                    f"{activation.name} needs {missing[0].name}, for example {missing[0].name}={missing[0].example}"
                )
        self.__name__ = activation.name
        self.activation, self.parameters = activation, parameters

    def __call__(self, x: Any) -> Any:
        """Return the function of a tensor; of a symbolic one, the output of a layer."""
        if isinstance(x, KerasTensor):
            return keras.layers.Activation(self)(x)
        return run(self.activation, x, self.parameters)

    def get_config(self) -> dict[str, Any]:
        """Return what the function is made of again."""
        return {"name": self.__name__, **self.parameters}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Function:
        """Make a function from its configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"actfn.keras.Function({self.__name__!r}{given})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.get_config().items())))
