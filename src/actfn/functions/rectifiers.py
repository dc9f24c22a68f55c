"""Functions that pass the positive half line and attenuate the negative one by a factor."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import INFINITY, NON_NEGATIVE, REALS, Interval, Kink, Parameter, elementwise


@elementwise(
    tags=("rectifier", "monotone", "piecewise_linear"),
    papers=(
        "Fukushima 1969, Visual feature extraction by a multilayered network of analog threshold elements",
        "Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
        "Glorot, Bordes & Bengio 2011, Deep sparse rectifier neural networks",
    ),
    frameworks={
        "PyTorch": "nn.functional.relu, nn.ReLU",
        "JAX": "nn.relu",
        "Keras": "activations.relu (with negative_slope=0, max_value=None, threshold=0)",
        "ONNX": "Relu",
    },
    single_rounding=True,
)
class relu:
    """The rectifier max(0, x): the default hidden activation of feed-forward and convolutional networks."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x > 0, x, 0)

    def value(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, x, constant(m, x, 0.0))

    def first(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, 1.0, constant(m, x, 0.0))

    def second(m: Any, x: Any) -> Any:
        return constant(m, x, 0.0)

    def range() -> Interval:
        return NON_NEGATIVE

    def kinks() -> tuple[Kink, ...]:
        return (Kink(0.0, 0.0, 1.0, chosen=0.0),)


def slope_value(m: Any, x: Any, slope: Any) -> Any:
    # Asking for the sign keeps that of a zero; a zero slope times minus infinity would be NaN, but its limit is zero.
    return m.where(m.copysign(1.0, x) > 0.0, x, m.odd_product(slope, m.where(slope == 0.0, m.maximum(x, -1.0), x)))


def slope_first(m: Any, x: Any, slope: Any) -> Any:
    return m.where(x > 0.0, 1.0, constant(m, x, slope))


def slope_partial(m: Any, x: Any, slope: Any) -> Any:
    return m.where(x > 0.0, 0.0, x)


def slope_range(slope: float) -> Interval:
    return REALS if slope > 0 else NON_NEGATIVE


def slope_kinks(slope: float) -> tuple[Kink, ...]:
    return () if slope == 1 else (Kink(0.0, slope, 1.0, chosen=slope),)


@elementwise(
    tuned=("value", "first"),
    aliases=("lrelu",),
    tags=("rectifier", "monotone", "piecewise_linear"),
    papers=("Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models",),
    frameworks={
        "PyTorch": "nn.functional.leaky_relu, nn.LeakyReLU (negative_slope=0.01)",
        "JAX": "nn.leaky_relu (negative_slope=0.01; its derivative at 0 is 1)",
        "Keras": "activations.leaky_relu (negative_slope=0.2), layers.LeakyReLU (negative_slope=0.3)",
        "ONNX": "LeakyRelu (alpha=0.01)",
    },
    parameters=(Parameter("negative_slope", 0.01, REALS, "slope for x <= 0"),),
)
class leaky_relu:
    """A rectifier with a small fixed slope for negative input, so that no unit is ever without gradient."""

    def formula(m: Any, x: Any, negative_slope: Any) -> Any:
        return m.where(x > 0, x, negative_slope * x)

    value, first, partial_negative_slope = slope_value, slope_first, slope_partial

    def second(m: Any, x: Any, negative_slope: Any) -> Any:
        return constant(m, x, 0.0)

    def range(negative_slope: float) -> Interval:
        return slope_range(negative_slope)

    def kinks(negative_slope: float) -> tuple[Kink, ...]:
        return slope_kinks(negative_slope)

    def inverse(negative_slope: float) -> tuple[str, dict[str, Any]] | None:
        return ("leaky_relu", {"negative_slope": 1 / negative_slope}) if 0 < negative_slope < INFINITY else None


@elementwise(
    aliases=("parametric_relu",),
    tags=("rectifier", "piecewise_linear", "learnable"),
    papers=("He, Zhang, Ren & Sun 2015, Delving deep into rectifiers, arXiv:1502.01852",),
    frameworks={
        "PyTorch": "nn.functional.prelu, nn.PReLU (num_parameters=1, init=0.25)",
        "JAX": "flax.linen.PReLU (negative_slope_init=0.01; its derivative at 0 is 1)",
        "Keras": 'layers.PReLU (alpha_initializer="Zeros", one alpha for each element)',
        "ONNX": "PRelu (slope is an input)",
    },
    parameters=(
        Parameter("alpha", None, REALS, "learnt slope for x <= 0; an array broadcasts against x", example=0.25),
    ),
)
class prelu:
    """A rectifier whose slope for negative input is learnt: one for all, one a channel or one an element."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0, x, alpha * x)

    value, first, partial_alpha = slope_value, slope_first, slope_partial

    def second(m: Any, x: Any, alpha: Any) -> Any:
        return constant(m, x, 0.0)

    def range(alpha: float) -> Interval:
        return slope_range(alpha)

    def kinks(alpha: float) -> tuple[Kink, ...]:
        return slope_kinks(alpha)

    def inverse(alpha: float) -> tuple[str, dict[str, Any]] | None:
        return ("prelu", {"alpha": 1 / alpha}) if 0 < alpha < INFINITY else None
