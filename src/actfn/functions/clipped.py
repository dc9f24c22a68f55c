"""Lines that are cut off at a bound, or at two."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant, through
from actfn.functions.declare import (
    EXTENDED,
    INFINITY,
    NON_NEGATIVE,
    REALS,
    Interval,
    Kink,
    Parameter,
    elementwise,
)
from actfn.functions.spelling import Argument, Spelling

INPUTS = "min and max are inputs"
LOW, HIGH = Argument("min_value", words={None: -INFINITY}), Argument("max_value", words={None: INFINITY})
TENSORFLOW_ONE = "with TensorFlow its derivative at both corners is 1"


def clip_value(m: Any, x: Any, low: Any, high: Any) -> Any:
    return m.where(x >= high, high, m.where(x > low, x, constant(m, x, low)))


def clip_inside(m: Any, x: Any, low: Any, high: Any) -> Any:
    # An infinite bound is none, at infinity too.
    inside = ((x > low) | (low == -INFINITY)) & ((x < high) | (high == INFINITY))
    return constant(m, x, m.where(inside, 1.0, 0.0))


def clip_below(m: Any, x: Any, low: Any, high: Any) -> Any:
    return m.where((x <= low) & (x < high) & (low > -INFINITY), 1.0, constant(m, x, 0.0))


def clip_above(m: Any, x: Any, low: Any, high: Any) -> Any:
    return m.where(reached(x, high), 1.0, constant(m, x, 0.0))


def reached(x: Any, high: Any) -> Any:
    """Return where x is cut off at an upper bound; infinity is none."""
    return (x >= high) & (high < INFINITY)


def clip_range(low: float, high: float) -> Interval:
    ends = min(low, high), max(low, high)
    return Interval(*ends, low_closed=ends[0] > -INFINITY, high_closed=ends[1] < INFINITY)


def clip_kinks(low: float, high: float) -> tuple[Kink, ...]:
    corners = (Kink(low, 0.0, 1.0, chosen=0.0), Kink(high, 1.0, 0.0, chosen=0.0))
    return tuple(corner for corner in corners if abs(corner.x) < INFINITY) if low < high else ()


@elementwise(
    hot=False,
    float32_loops=True,
    tags=("rectifier", "bounded", "monotone", "piecewise_linear"),
    papers=(
        "Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
        "Howard et al. 2017, MobileNets, arXiv:1704.04861",
    ),
    names={
        "torch": ("torch.nn.functional.relu6(input, inplace=False)", "torch.nn.ReLU6(inplace=False)(x)"),
        "jax": "jax.nn.relu6(x)",
        "keras": (
            "keras.activations.relu6(x)",
            "keras.ops.relu6(x)",
            Spelling(
                "keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)",
                requires={"max_value": 6.0},
                renamed={"alpha": "negative_slope"},
            ),
            Spelling(
                "keras.layers.ReLU(max_value=None, negative_slope=0.0, threshold=0.0)(x)", requires={"max_value": 6.0}
            ),
        ),
        "onnx": Spelling(
            "Clip(input, min, max)", requires={"min": 0.0, "max": 6.0}, note="min = 0 and max = 6 are inputs"
        ),
        "tensorflow": "tensorflow.nn.relu6(features)",
        "flax": "flax.linen.relu6(x)",
        "timm": 'timm.layers.get_act_fn("relu6")(x)',
        "transformers": 'transformers.activations.ACT2FN["relu6"](x)',
        "mlx": ("mlx.nn.relu6(x)", "mlx.nn.ReLU6()(x)"),
        "tinygrad": Spelling("tinygrad.Tensor.relu6(x)", kinks=("left", "left"), note="NaN at infinity"),
        "onednn": (
            Spelling("eltwise_clip_v2(x, alpha, beta)", requires={"alpha": 0.0, "beta": 6.0}),
            Spelling("eltwise_clip(x, alpha, beta)", requires={"alpha": 0.0, "beta": 6.0}, kinks=("left", "left")),
        ),
    },
    single_rounding=True,
)
class relu6:
    """The rectifier cut off at 6: the activation of mobile networks, whose range suits few bits."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x <= 0, 0, m.where(x >= 6, 6, x))

    def value(m: Any, x: Any) -> Any:
        return clip_value(m, x, 0.0, 6.0)

    def first(m: Any, x: Any) -> Any:
        return m.where((x > 0.0) & (x < 6.0), 1.0, constant(m, x, 0.0))

    def second(m: Any, x: Any) -> Any:
        return constant(m, x, 0.0)

    def range() -> Interval:
        return clip_range(0.0, 6.0)

    def kinks() -> tuple[Kink, ...]:
        return clip_kinks(0.0, 6.0)


@elementwise(
    hot=False,
    float32_loops=True,
    single_rounding=True,
    aliases=("clip", "clamp"),
    tags=("rectifier", "bounded", "monotone", "piecewise_linear"),
    papers=("Liew, Khalil-Hani & Bakhteri 2016, Bounded activation functions for enhanced training stability",),
    names={
        "torch": Spelling(
            "torch.clamp(input, min=None, max=None)", means={"min": LOW, "max": HIGH}, kinks=("right", "left")
        ),
        "jax": Spelling("jax.numpy.clip(arr, min=None, max=None)", means={"min": LOW, "max": HIGH}, kinks=(0.5, 0.5)),
        "keras": (
            Spelling("keras.ops.clip(x, x_min, x_max)", means={"x_min": "min_value", "x_max": "max_value"}),
            Spelling(
                "keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)",
                means={"max_value": HIGH},
                renamed={"alpha": "negative_slope"},
                kinks=("left", "left"),
            ),
            Spelling(
                "keras.layers.ReLU(max_value=None, negative_slope=0.0, threshold=0.0)(x)",
                means={"max_value": HIGH},
                kinks=("left", "left"),
            ),
        ),
        "onnx": Spelling("Clip(input, min, max)", means={"min": "min_value", "max": "max_value"}, note=INPUTS),
        "tensorflow": Spelling(
            "tensorflow.clip_by_value(t, clip_value_min, clip_value_max)",
            means={"clip_value_min": "min_value", "clip_value_max": "max_value"},
            kinks=("right", "left"),
        ),
        "scipy": Spelling("numpy.clip(a, a_min, a_max)", means={"a_min": "min_value", "a_max": "max_value"}),
        "mlx": Spelling("mlx.core.clip(a, a_min, a_max)", means={"a_min": "min_value", "a_max": "max_value"}),
        "tinygrad": Spelling(
            "tinygrad.Tensor.clip(x, min_=None, max_=None)", means={"min_": LOW, "max_": HIGH}, kinks=("right", "left")
        ),
        "onednn": (
            Spelling("eltwise_clip_v2(x, alpha, beta)", means={"alpha": "min_value", "beta": "max_value"}),
            Spelling(
                "eltwise_clip(x, alpha, beta)",
                means={"alpha": "min_value", "beta": "max_value"},
                kinks=("left", "left"),
            ),
        ),
    },
    parameters=(
        Parameter("min_value", 0.0, EXTENDED, "lower bound, which must not be above the upper one"),
        Parameter("max_value", 1.0, EXTENDED, "upper bound"),
    ),
)
class bounded_relu:
    """A line with slope 1 that is cut off at two bounds; from 0 to 1 unless others are given."""

    def formula(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        return m.where(x >= max_value, max_value, m.where(x <= min_value, min_value, x))

    value, first = clip_value, clip_inside
    partial_min_value, partial_max_value = clip_below, clip_above

    def second(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        return constant(m, x, 0.0)

    def range(min_value: float, max_value: float) -> Interval:
        return clip_range(min_value, max_value)

    def kinks(min_value: float, max_value: float) -> tuple[Kink, ...]:
        return clip_kinks(min_value, max_value)


@elementwise(
    hot=False,
    float32_loops=True,
    single_rounding=True,
    aliases=("hardtanh",),
    tags=("sigmoidal", "bounded", "monotone", "piecewise_linear", "zero_centred"),
    papers=("Collobert 2004, Large scale machine learning",),
    names={
        "torch": tuple(
            Spelling(
                call,
                means={"min_val": "min_value", "max_val": "max_value"},
                renamed={"min_value": "min_val", "max_value": "max_val"},
            )
            for call in (
                "torch.nn.functional.hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)",
                "torch.nn.Hardtanh(min_val=-1.0, max_val=1.0, inplace=False)(x)",
            )
        ),
        "jax": (
            Spelling("jax.nn.hard_tanh(x)", kinks=("right", "left")),
            Spelling("jax.numpy.clip(x, min_value, max_value)", recipe=True, kinks=(0.5, 0.5)),
        ),
        "keras": tuple(
            Spelling(call, note=TENSORFLOW_ONE) for call in ("keras.activations.hard_tanh(x)", "keras.ops.hard_tanh(x)")
        ),
        "onnx": Spelling("Clip(input, min, max)", means={"min": "min_value", "max": "max_value"}, note=INPUTS),
        "flax": Spelling("flax.linen.hard_tanh(x)", kinks=("right", "left")),
        "mlx": Spelling(
            "mlx.nn.hard_tanh(x, min_val=-1.0, max_val=1.0)", means={"min_val": "min_value", "max_val": "max_value"}
        ),
        "tinygrad": Spelling(
            "tinygrad.Tensor.hardtanh(x, min_val=-1.0, max_val=1.0)",
            means={"min_val": "min_value", "max_val": "max_value"},
            kinks=("right", "left"),
        ),
        "onednn": (
            Spelling("eltwise_clip_v2(x, alpha, beta)", means={"alpha": "min_value", "beta": "max_value"}),
            Spelling(
                "eltwise_clip(x, alpha, beta)",
                means={"alpha": "min_value", "beta": "max_value"},
                kinks=("left", "left"),
            ),
        ),
    },
    parameters=(
        Parameter("min_value", -1.0, EXTENDED, "lower bound, which must not be above the upper one"),
        Parameter("max_value", 1.0, EXTENDED, "upper bound"),
    ),
)
class hard_tanh:
    """The identity cut off at -1 and 1: the piecewise linear tanh."""

    def formula(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        return m.where(x >= max_value, max_value, m.where(x <= min_value, min_value, x))

    value, first = clip_value, clip_inside
    partial_min_value, partial_max_value = clip_below, clip_above

    def second(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        return constant(m, x, 0.0)

    def range(min_value: float, max_value: float) -> Interval:
        return clip_range(min_value, max_value)

    def kinks(min_value: float, max_value: float) -> tuple[Kink, ...]:
        return clip_kinks(min_value, max_value)


@elementwise(
    hot=False,
    tags=("rectifier", "piecewise_linear"),
    names={
        "keras": (
            Spelling(
                "keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)",
                means={"max_value": HIGH},
                renamed={"alpha": "negative_slope"},
            ),
            Spelling(
                "keras.layers.ReLU(max_value=None, negative_slope=0.0, threshold=0.0)(x)", means={"max_value": HIGH}
            ),
        ),
    },
    parameters=(
        Parameter("negative_slope", 0.0, REALS, "slope up to the threshold"),
        Parameter(
            "max_value", INFINITY, Interval(0.0, INFINITY, True, True), "upper bound; infinity, the default, is none"
        ),
        Parameter("threshold", 0.0, NON_NEGATIVE, "up to where the input is attenuated; there the value jumps, from 0"),
    ),
)
class general_relu:
    """The rectifier of Keras with all its arguments: a slope below a threshold, and an upper bound."""

    def formula(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        return m.where(x >= max_value, max_value, m.where(x > threshold, x, negative_slope * (x - threshold)))

    def value(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        # A slope of 0 leaves a zero without a sign.
        sloped = m.where(negative_slope == 0.0, constant(m, x, 0.0), through(m, x, negative_slope, threshold, 0.0))
        return m.where(x >= max_value, max_value, m.where(x > threshold, x, sloped))

    def first(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        return m.where(reached(x, max_value), 0.0, m.where(x > threshold, 1.0, constant(m, x, negative_slope)))

    def second(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_negative_slope(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        return m.where((x >= max_value) | (x > threshold), 0.0, x - threshold)

    def partial_max_value(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        return clip_above(m, x, 0.0, max_value)

    def partial_threshold(m: Any, x: Any, negative_slope: Any, max_value: Any, threshold: Any) -> Any:
        return m.where((x >= max_value) | (x > threshold), 0.0, constant(m, x, -negative_slope))

    def range(negative_slope: float, max_value: float, threshold: float) -> Interval:
        if negative_slope > 0:
            return Interval(high=max_value, high_closed=max_value < INFINITY)
        if negative_slope < 0:
            return NON_NEGATIVE
        return Interval(0.0, max_value, low_closed=True, high_closed=max_value < INFINITY)

    def kinks(negative_slope: float, max_value: float, threshold: float) -> tuple[Kink, ...]:
        joint = () if negative_slope == 1 else (Kink(threshold, negative_slope, 1.0, chosen=negative_slope),)
        if max_value == INFINITY:
            return joint
        if threshold < max_value:
            return (*joint, Kink(max_value, 1.0, 0.0, chosen=0.0))
        return (Kink(max_value, negative_slope, 0.0, chosen=0.0),) if negative_slope else ()
