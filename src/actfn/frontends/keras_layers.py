"""Layers of Keras whose activation is learnt."""

from __future__ import annotations

from typing import Any

import keras
from keras import initializers, layers, ops, regularizers

from actfn.activation import get
from actfn.frontends.keras_functions import PACKAGE, run


@keras.saving.register_keras_serializable(package=PACKAGE)
class PReLU(layers.PReLU):  # type: ignore[misc]
    """A rectifier whose slope for negative input is learnt: :class:`keras.layers.PReLU` with the slope also at 0.

    Parameters
    ----------
    alpha_initializer, alpha_regularizer, alpha_constraint
        As for Keras's layer; slopes start at 0.
    shared_axes : list of int, optional
        The axes along which the slopes are shared; ``[1, 2]`` after a convolution gives one slope a channel.

    Examples
    --------
    >>> import numpy as np, actfn.keras as A
    >>> layer = A.PReLU(alpha_initializer="ones")
    >>> layer(np.array([[-2.0, 3.0]])).tolist()
    [[-2.0, 3.0]]
    """

    def call(self, inputs: Any) -> Any:
        """Return x, or alpha x where x is not positive."""
        return run(get("prelu"), inputs, {"alpha": ops.convert_to_tensor(self.alpha)})


@keras.saving.register_keras_serializable(package=PACKAGE)
class Maxout(layers.Layer):  # type: ignore[misc]
    """A dense layer with several pieces for each unit, of which the largest counts: a learnt convex activation.

    Parameters
    ----------
    units, pieces : int
        The kernel has the shape ``(inputs, units * pieces)``; the pieces of a unit are neighbours.
    use_bias : bool
    kernel_initializer, bias_initializer, kernel_regularizer
        As for :class:`keras.layers.Dense`.

    Examples
    --------
    >>> import numpy as np, actfn.keras as A
    >>> A.Maxout(2, pieces=3)(np.zeros((5, 4))).shape == (5, 2)
    True
    """

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        for name, value in {"units": units, "pieces": pieces}.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"Maxout: {name} must be a positive integer, got {value!r}")
        self.units, self.pieces, self.use_bias = units, pieces, use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make kernel and bias."""
        inputs, outputs = input_shape[-1], self.units * self.pieces
        self.kernel = self.add_weight(
            shape=(inputs, outputs),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.bias = (
            self.add_weight(shape=(outputs,), name="bias", initializer=self.bias_initializer) if self.use_bias else None
        )
        self.input_spec = layers.InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Any) -> Any:
        """Return the largest piece of each unit."""
        pieces = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            pieces = ops.add(pieces, self.bias)
        return run(get("maxout"), pieces, {"group_size": self.pieces})

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input, with the units on the last axis."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of again."""
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
        }
