"""Functions that set small inputs to 0, and move the others towards 0 by a bias: thresholding of noisy coefficients."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import NON_NEGATIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.spelling import Spelling

TENSORFLOW_NAN = "with TensorFlow 0 at NaN"
ONNX_NAN = "0 at NaN in ONNX Runtime"
TWO_SIDED = "lower and upper may differ; this is for lower = -upper"
LAMBD = Parameter("lambd", 0.5, NON_NEGATIVE, "inputs up to this magnitude become 0")


def shrink_value(m: Any, x: Any, bias: Any, lambd: Any) -> Any:
    # The functions are odd: a zero has the sign of the input.
    return m.where(x > lambd, x - bias, m.where(x < -lambd, x + bias, 0.0 * x))


def shrink_first(m: Any, x: Any, lambd: Any) -> Any:
    return constant(m, x, m.where((m.abs(x) > lambd) | (lambd == 0.0), 1.0, 0.0))


def shrink_partial(m: Any, x: Any, lambd: Any) -> Any:
    """Return the derivative by the bias."""
    return m.where(x > lambd, -1.0, m.where(x < -lambd, 1.0, constant(m, x, 0.0)))


def shrink_kinks(lambd: float) -> tuple[Kink, ...]:
    return (Kink(-lambd, 1.0, 0.0, chosen=0.0), Kink(lambd, 0.0, 1.0, chosen=0.0)) if lambd else ()


@elementwise(
    hot=False,
    float32_loops=True,
    single_rounding=True,
    aliases=("hardshrink", "hard_thresholding"),
    tags=("monotone", "zero_centred"),
    papers=("Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage",),
    names={
        "torch": ("torch.nn.functional.hardshrink(input, lambd=0.5)", "torch.nn.Hardshrink(lambd=0.5)(x)"),
        "keras": tuple(
            Spelling(call, means={"threshold": "lambd"}, note=TENSORFLOW_NAN)
            for call in ("keras.activations.hard_shrink(x, threshold=0.5)", "keras.ops.hard_shrink(x, threshold=0.5)")
        ),
        "onnx": Spelling("Shrink(input, bias=0.0, lambd=0.5)", requires={"bias": 0.0}, note=ONNX_NAN),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.activations.hardshrink(x, lower=-0.5, upper=0.5)",
            requires={"lower": -0.5, "upper": 0.5},
            note=TWO_SIDED,
        ),
        "mlx": "mlx.nn.hard_shrink(x, lambd=0.5)",
    },
    parameters=(LAMBD,),
)
class hard_shrink:
    """The input where its magnitude is above lambd, and 0 elsewhere, at the jumps too: keep or kill."""

    def formula(m: Any, x: Any, lambd: Any) -> Any:
        return m.where(x > lambd, x, m.where(x < -lambd, x, 0))

    def value(m: Any, x: Any, lambd: Any) -> Any:
        return shrink_value(m, x, 0.0, lambd)

    def first(m: Any, x: Any, lambd: Any) -> Any:
        return shrink_first(m, x, lambd)

    def second(m: Any, x: Any, lambd: Any) -> Any:
        return constant(m, x, 0.0)

    partial_lambd = second

    def range(lambd: float) -> Interval:
        return REALS

    def kinks(lambd: float) -> tuple[Kink, ...]:
        return shrink_kinks(lambd)


@elementwise(
    hot=False,
    float32_loops=True,
    single_rounding=True,
    aliases=("softshrink", "soft_thresholding"),
    tags=("monotone", "piecewise_linear", "zero_centred"),
    papers=(
        "Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage",
        "Donoho 1995, De-noising by soft-thresholding",
    ),
    names={
        "torch": ("torch.nn.functional.softshrink(input, lambd=0.5)", "torch.nn.Softshrink(lambd=0.5)(x)"),
        "keras": tuple(
            Spelling(call, means={"threshold": "lambd"}, note=TENSORFLOW_NAN)
            for call in ("keras.activations.soft_shrink(x, threshold=0.5)", "keras.ops.soft_shrink(x, threshold=0.5)")
        ),
        "onnx": Spelling("Shrink(input, bias=0.0, lambd=0.5)", requires={"bias": 0.5, "lambd": 0.5}, note=ONNX_NAN),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.activations.softshrink(x, lower=-0.5, upper=0.5)",
            requires={"lower": -0.5, "upper": 0.5},
            note=TWO_SIDED,
        ),
        "mlx": ("mlx.nn.softshrink(x, lambd=0.5)", "mlx.nn.Softshrink(lambd=0.5)(x)"),
    },
    parameters=(LAMBD._replace(description="how far the input moves towards 0, where smaller ones stay"),),
)
class soft_shrink:
    """The input moved towards 0 by lambd, and 0 where it would cross: the proximal step of an absolute penalty."""

    def formula(m: Any, x: Any, lambd: Any) -> Any:
        return m.where(x > lambd, x - lambd, m.where(x < -lambd, x + lambd, 0))

    def value(m: Any, x: Any, lambd: Any) -> Any:
        return shrink_value(m, x, lambd, lambd)

    def first(m: Any, x: Any, lambd: Any) -> Any:
        return shrink_first(m, x, lambd)

    def second(m: Any, x: Any, lambd: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_lambd(m: Any, x: Any, lambd: Any) -> Any:
        return shrink_partial(m, x, lambd)

    def range(lambd: float) -> Interval:
        return REALS

    def kinks(lambd: float) -> tuple[Kink, ...]:
        return shrink_kinks(lambd)


@elementwise(
    hot=False,
    tags=("zero_centred",),
    names={"onnx": Spelling("Shrink(input, bias=0.0, lambd=0.5)", note=ONNX_NAN)},
    parameters=(Parameter("bias", 0.0, REALS, "how far the inputs that pass move towards 0"), LAMBD),
)
class shrink:
    """Hard shrinkage with a bias, as in ONNX: hard_shrink for a bias of 0, soft_shrink for one of lambd; 0 at the jumps."""

    def formula(m: Any, x: Any, bias: Any, lambd: Any) -> Any:
        return m.where(x > lambd, x - bias, m.where(x < -lambd, x + bias, 0))

    value = shrink_value

    def first(m: Any, x: Any, bias: Any, lambd: Any) -> Any:
        return shrink_first(m, x, lambd)

    def second(m: Any, x: Any, bias: Any, lambd: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_bias(m: Any, x: Any, bias: Any, lambd: Any) -> Any:
        return shrink_partial(m, x, lambd)

    def partial_lambd(m: Any, x: Any, bias: Any, lambd: Any) -> Any:
        return constant(m, x, 0.0)

    def range(bias: float, lambd: float) -> Interval:
        return REALS

    def kinks(bias: float, lambd: float) -> tuple[Kink, ...]:
        return shrink_kinks(lambd)
