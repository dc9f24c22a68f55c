"""Functions that pass the input above a threshold, and something else below it."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant, through
from actfn.functions.declare import INFINITY, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.rectifiers import INITIALIZERS
from actfn.functions.spelling import Argument, Spelling

TENSORFLOW_NAN = "with TensorFlow its value at NaN is that of the lower branch"
ONNX_NAN = "0 at NaN in ONNX Runtime"


def threshold_value(m: Any, x: Any, threshold: Any, below: Any) -> Any:
    return m.where(x > threshold, x, constant(m, x, below))


def threshold_first(m: Any, x: Any, threshold: Any) -> Any:
    return m.where(x > threshold, 1.0, constant(m, x, 0.0))


def threshold_range(threshold: float, below: float) -> Interval:
    return Interval(min(threshold, below), low_closed=below <= threshold)


@elementwise(
    hot=False,
    float32_loops=True,
    single_rounding=True,
    tags=("rectifier",),
    names={
        "torch": (
            "torch.nn.functional.threshold(input, threshold, value, inplace=False)",
            "torch.nn.Threshold(threshold, value, inplace=False)(x)",
        ),
        "keras": tuple(
            Spelling(call, means={"default_value": "value"}, note=TENSORFLOW_NAN)
            for call in (
                "keras.activations.threshold(x, threshold, default_value)",
                "keras.ops.threshold(x, threshold, default_value)",
            )
        ),
    },
    parameters=(
        Parameter("threshold", None, REALS, "above it the input passes", example=0.5),
        Parameter("value", None, REALS, "what is returned up to the threshold, and at it", example=-0.5),
    ),
)
class threshold:
    """The input above a threshold, and a fixed value up to it: a rectifier whose two halves need not meet."""

    def formula(m: Any, x: Any, threshold: Any, value: Any) -> Any:
        return m.where(x > threshold, x, value)

    def value(m: Any, x: Any, threshold: Any, value: Any) -> Any:
        return threshold_value(m, x, threshold, value)

    def first(m: Any, x: Any, threshold: Any, value: Any) -> Any:
        return threshold_first(m, x, threshold)

    def second(m: Any, x: Any, threshold: Any, value: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_threshold(m: Any, x: Any, threshold: Any, value: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_value(m: Any, x: Any, threshold: Any, value: Any) -> Any:
        return m.where(x > threshold, 0.0, constant(m, x, 1.0))

    def range(threshold: float, value: float) -> Interval:
        return threshold_range(threshold, value)

    def kinks(threshold: float, value: float) -> tuple[Kink, ...]:
        return (Kink(threshold, 0.0, 1.0, chosen=0.0),)


@elementwise(
    hot=False,
    float32_loops=True,
    single_rounding=True,
    aliases=("trec",),
    tags=("rectifier", "monotone"),
    papers=(
        "Konda, Memisevic & Krueger 2014, Zero-bias autoencoders and the benefits of co-adapting features, arXiv:1402.3337",
    ),
    names={
        "torch": Spelling(
            "torch.nn.functional.threshold(input, threshold, value, inplace=False)",
            means={"threshold": "theta"},
            requires={"value": 0.0},
        ),
        "keras": (
            Spelling(
                "keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)",
                means={"threshold": "theta"},
                renamed={"alpha": "negative_slope"},
                note=TENSORFLOW_NAN,
            ),
            Spelling(
                "keras.layers.ReLU(max_value=None, negative_slope=0.0, threshold=0.0)(x)",
                means={"threshold": "theta"},
                note=TENSORFLOW_NAN,
            ),
            Spelling("keras.layers.ThresholdedReLU(theta=1.0)(x)", note="not in Keras 3"),
        ),
        "onnx": Spelling("ThresholdedRelu(X, alpha=1.0)", means={"alpha": "theta"}, note=ONNX_NAN),
    },
    parameters=(Parameter("theta", 1.0, REALS, "up to it, and at it, the value is 0"),),
)
class thresholded_relu:
    """A rectifier that lets nothing pass up to theta, and everything above it, without a shift."""

    def formula(m: Any, x: Any, theta: Any) -> Any:
        return m.where(x > theta, x, 0)

    def value(m: Any, x: Any, theta: Any) -> Any:
        return threshold_value(m, x, theta, 0.0)

    def first(m: Any, x: Any, theta: Any) -> Any:
        return threshold_first(m, x, theta)

    def second(m: Any, x: Any, theta: Any) -> Any:
        return constant(m, x, 0.0)

    partial_theta = second

    def range(theta: float) -> Interval:
        return threshold_range(theta, 0.0)

    def kinks(theta: float) -> tuple[Kink, ...]:
        return (Kink(theta, 0.0, 1.0, chosen=0.0),)


def tlu_excess(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
    """Return a number with the sign of x - (alpha x + tau)."""
    # Bounded, the product does not overflow, and tau is next to nothing there.
    bounded = m.minimum(m.maximum(x, -1e150), 1e150)
    return m.round(m.sum(1.0, -alpha) * bounded - tau)


def tlu_initializer(parameter: str) -> Argument:
    return Argument(parameter, "tf.keras.initializers.Constant({})", INITIALIZERS)


TLU = (
    'tensorflow_addons.layers.TLU(affine=False, tau_initializer="zeros", tau_regularizer=None, tau_constraint=None, '
    'alpha_initializer="zeros", alpha_regularizer=None, alpha_constraint=None)(x)'
)
TLU_IGNORES = ("tau_regularizer", "tau_constraint", "alpha_regularizer", "alpha_constraint")


@elementwise(
    hot=False,
    aliases=("thresholded_linear_unit",),
    tags=("rectifier", "piecewise_linear", "learnable"),
    papers=("Singh & Krishnan 2019, Filter response normalization layer, arXiv:1911.09737",),
    names={
        "tensorflow_addons": (
            Spelling(
                TLU,
                means={"tau_initializer": tlu_initializer("tau")},
                requires={"affine": False},
                ignores=(*TLU_IGNORES, "alpha_initializer"),
                kinks=(1.0,),
                note="learnt, one tau for each element",
            ),
            Spelling(
                TLU,
                means={"tau_initializer": tlu_initializer("tau"), "alpha_initializer": tlu_initializer("alpha")},
                requires={"affine": True},
                ignores=TLU_IGNORES,
                kinks=(1.0,),
                note="learnt, one tau and one alpha for each element",
            ),
        ),
    },
    parameters=(
        Parameter("tau", 0.0, REALS, "learnt threshold: the lower bound where alpha is 0"),
        Parameter("alpha", 0.0, REALS, "learnt slope of the other line; 0 is the plain unit"),
    ),
)
class tlu:
    """The larger of x and a learnt line alpha x + tau: the rectifier that goes with filter response normalisation."""

    def formula(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
        return m.where(x > alpha * x + tau, x, alpha * x + tau)

    def value(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
        # Where both are 0 it is the rectifier, whose zero has no sign.
        other = m.where(alpha == 0.0, constant(m, x, tau), through(m, x, alpha, 0.0, tau))
        return m.where(tlu_excess(m, x, tau, alpha) > 0.0, x, other)

    def first(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
        return m.where(tlu_excess(m, x, tau, alpha) > 0.0, 1.0, constant(m, x, alpha))

    def second(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_tau(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
        return m.where(tlu_excess(m, x, tau, alpha) > 0.0, 0.0, constant(m, x, 1.0))

    def partial_alpha(m: Any, x: Any, tau: Any, alpha: Any) -> Any:
        return m.where(tlu_excess(m, x, tau, alpha) > 0.0, 0.0, x)

    def range(tau: float, alpha: float) -> Interval:
        if alpha > 0:
            return REALS
        return Interval(tau / (1 - alpha), INFINITY, low_closed=True)

    def kinks(tau: float, alpha: float) -> tuple[Kink, ...]:
        if alpha == 1:
            return ()
        return (Kink(tau / (1 - alpha), min(alpha, 1.0), max(alpha, 1.0), chosen=alpha),)
