"""Functions that pass the positive half line and attenuate the negative one by a factor."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import INFINITY, NON_NEGATIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.spelling import Argument, Spelling

INITIALIZERS: dict[str | None, float] = {"zeros": 0.0, "Zeros": 0.0, "ones": 1.0, "Ones": 1.0}


@elementwise(
    tags=("rectifier", "monotone", "piecewise_linear"),
    papers=(
        "Fukushima 1969, Visual feature extraction by a multilayered network of analog threshold elements",
        "Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
        "Glorot, Bordes & Bengio 2011, Deep sparse rectifier neural networks",
    ),
    names={
        "torch": ("torch.nn.functional.relu(input, inplace=False)", "torch.nn.ReLU(inplace=False)(x)"),
        "jax": "jax.nn.relu(x)",
        "keras": (
            Spelling(
                "keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)",
                renamed={"alpha": "negative_slope"},
            ),
            "keras.layers.ReLU(max_value=None, negative_slope=0.0, threshold=0.0)(x)",
            "keras.ops.relu(x)",
        ),
        "onnx": "Relu(X)",
        "tensorflow": "tensorflow.nn.relu(features)",
        "flax": "flax.linen.relu(x)",
        "timm": 'timm.layers.get_act_fn("relu")(x)',
        "transformers": 'transformers.activations.ACT2FN["relu"](x)',
        "mlx": ("mlx.nn.relu(x)", "mlx.nn.ReLU()(x)"),
        "tinygrad": "tinygrad.Tensor.relu(x)",
        "onednn": "eltwise_relu(x, alpha=0.0)",
        "x_transformers": "torch.nn.functional.relu(input, inplace=False)",
        "echo": "torch.nn.functional.relu(input, inplace=False)",
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
    names={
        "torch": (
            "torch.nn.functional.leaky_relu(input, negative_slope=0.01, inplace=False)",
            "torch.nn.LeakyReLU(negative_slope=0.01, inplace=False)(x)",
        ),
        "jax": Spelling("jax.nn.leaky_relu(x, negative_slope=0.01)", kinks=("right",)),
        "keras": (
            "keras.activations.leaky_relu(x, negative_slope=0.2)",
            Spelling("keras.layers.LeakyReLU(negative_slope=0.3)(x)", renamed={"alpha": "negative_slope"}),
            "keras.ops.leaky_relu(x, negative_slope=0.2)",
            Spelling(
                "keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)",
                renamed={"alpha": "negative_slope"},
            ),
            "keras.layers.ReLU(max_value=None, negative_slope=0.0, threshold=0.0)(x)",
        ),
        "onnx": Spelling("LeakyRelu(X, alpha=0.01)", means={"alpha": "negative_slope"}),
        "tensorflow": Spelling("tensorflow.nn.leaky_relu(features, alpha=0.2)", means={"alpha": "negative_slope"}),
        "flax": Spelling("flax.linen.leaky_relu(x, negative_slope=0.01)", kinks=("right",)),
        "timm": 'timm.layers.get_act_fn("leaky_relu")(x)',
        "transformers": 'transformers.activations.ACT2FN["leaky_relu"](x)',
        "mlx": tuple(
            Spelling(call, kinks=("right",), note="wrong for a slope above 1: it is max(slope x, x)")
            for call in ("mlx.nn.leaky_relu(x, negative_slope=0.01)", "mlx.nn.LeakyReLU(negative_slope=0.01)(x)")
        ),
        "tinygrad": Spelling(
            "tinygrad.Tensor.leaky_relu(x, neg_slope=0.01)", means={"neg_slope": "negative_slope"}, kinks=("right",)
        ),
        "onednn": Spelling("eltwise_relu(x, alpha)", means={"alpha": "negative_slope"}),
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
    names={
        "torch": (
            Spelling(
                "torch.nn.functional.prelu(input, weight)", means={"weight": Argument("alpha", "torch.tensor({})")}
            ),
            Spelling(
                "torch.nn.PReLU(num_parameters=1, init=0.25)(x)",
                means={"init": "alpha"},
                ignores=("num_parameters",),
                note="learnt, num_parameters slopes along axis 1",
            ),
        ),
        "jax": Spelling("jax.numpy.where(x > 0, x, alpha * x)", recipe=True),
        "keras": Spelling(
            'keras.layers.PReLU(alpha_initializer="zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None)(x)',
            means={"alpha_initializer": Argument("alpha", "keras.initializers.Constant({})", INITIALIZERS)},
            ignores=("alpha_regularizer", "alpha_constraint", "shared_axes"),
            kinks=(0.0,),
            note="learnt, one slope for each element unless shared_axes says otherwise",
        ),
        "onnx": Spelling("PRelu(X, slope)", means={"slope": "alpha"}, note="slope is an input"),
        "flax": Spelling(
            "flax.linen.PReLU(negative_slope_init=0.01)(x)",
            means={"negative_slope_init": "alpha"},
            kinks=("right",),
            note="learnt, one slope for all",
        ),
        "timm": Spelling(
            'timm.layers.get_act_layer("prelu")(num_parameters=1, init=0.25, inplace=False)(x)',
            means={"init": "alpha"},
            ignores=("num_parameters",),
            note="learnt, num_parameters slopes along axis 1",
        ),
        "transformers": Spelling(
            'transformers.activations.ACT2FN["prelu"](x)',
            values={"alpha": 0.25},
            note="learnt, one slope for all",
        ),
        "mlx": (
            Spelling(
                "mlx.nn.prelu(x, alpha)", means={"alpha": Argument("alpha", "mlx.core.array({})")}, kinks=("sum",)
            ),
            Spelling(
                "mlx.nn.PReLU(num_parameters=1, init=0.25)(x)",
                means={"init": "alpha"},
                ignores=("num_parameters",),
                kinks=("sum",),
                note="learnt, num_parameters slopes along the last axis",
            ),
        ),
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
