"""Self-gated functions whose gate is a line cut off at 0 and 1: piecewise parabolas in the place of swish and mish."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import INFINITY, Interval, Kink, elementwise
from actfn.functions.spelling import Spelling


def small_sticky(m: Any, x: Any) -> Any:
    """Return a relative 2^-52 with the sign of x where x is so small that the gate's slope is lost in rounding."""
    return m.where(m.abs(x) < 2.0**-30, m.sticky(x), 0.0)


@elementwise(
    hot=False,
    float32_loops=True,
    tuned=("value", "first"),
    aliases=("hardswish", "hard_silu", "h_swish"),
    tags=("gated",),
    papers=("Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244",),
    names={
        "torch": ("torch.nn.functional.hardswish(input, inplace=False)", "torch.nn.Hardswish(inplace=False)(x)"),
        "jax": ("jax.nn.hard_swish(x)", "jax.nn.hard_silu(x)"),
        "keras": (
            "keras.activations.hard_swish(x)",
            "keras.activations.hard_silu(x)",
            "keras.ops.hard_swish(x)",
            "keras.ops.hard_silu(x)",
        ),
        "onnx": Spelling("HardSwish(X)", note="from opset 14"),
        "flax": ("flax.linen.hard_swish(x)", "flax.linen.hard_silu(x)"),
        "timm": Spelling(
            'timm.layers.get_act_fn("hard_swish")(x)',
            note="the memory-efficient variant has derivatives -0.5 and 1.5 at the corners",
        ),
        "transformers": 'transformers.activations.ACT2FN["hardswish"](x)',
        "mlx": ("mlx.nn.hardswish(x)", "mlx.nn.Hardswish()(x)"),
        "tinygrad": Spelling("tinygrad.Tensor.hardswish(x)", kinks=("left", "left")),
        "onednn": Spelling("eltwise_hardswish(x, alpha=1/6, beta=0.5)", requires={"alpha": 1 / 6, "beta": 0.5}),
    },
)
class hard_swish:
    """x relu6(x + 3) / 6: swish with a piecewise linear gate, the activation of MobileNetV3."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x <= -3, 0, m.where(x >= 3, x, x * (x + 3) / 6))

    def value(m: Any, x: Any) -> Any:
        gate = m.sum(x, 3.0) / 6.0 * (1.0 + small_sticky(m, x))
        bend = m.where(x > -3.0, m.round(gate * x), constant(m, x, 0.0))
        return m.copysign(m.where(x >= 3.0, x, bend), x)

    def first(m: Any, x: Any) -> Any:
        slope = m.round(m.sum(2.0 * x, 3.0) / 6.0)
        return m.where(x >= 3.0, 1.0, m.where(x > -3.0, slope, constant(m, x, -0.0)))

    def second(m: Any, x: Any) -> Any:
        return m.where(m.abs(x) < 3.0, 1.0 / 3.0, constant(m, x, 0.0))

    def range() -> Interval:
        return Interval(-0.375, INFINITY, low_closed=True)

    def kinks() -> tuple[Kink, ...]:
        return (Kink(-3.0, 0.0, -0.5, chosen=0.0), Kink(3.0, 1.5, 1.0, chosen=1.0))


@elementwise(
    hot=False,
    aliases=("hardmish", "h_mish"),
    tags=("gated",),
    papers=("Misra 2020, H-Mish, github.com/digantamisra98/H-Mish",),
    names={
        "timm": Spelling('timm.layers.get_act_fn("hard_mish")(x)', kinks=("right",)),
    },
)
class hard_mish:
    """x min(2, max(0, x + 2)) / 2: mish with a piecewise linear gate."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x <= -2, 0, m.where(x >= 0, x, x * (x + 2) / 2))

    def value(m: Any, x: Any) -> Any:
        bend = m.where(x > -2.0, m.round(m.sum(x, 2.0) * 0.5 * x), constant(m, x, 0.0))
        return m.copysign(m.where(x > 0.0, x, bend), x)

    def first(m: Any, x: Any) -> Any:
        return m.where(x >= 0.0, 1.0, m.where(x > -2.0, x + 1.0, constant(m, x, 0.0)))

    def second(m: Any, x: Any) -> Any:
        return m.where((x > -2.0) & (x < 0.0), 1.0, constant(m, x, 0.0))

    def range() -> Interval:
        return Interval(-0.5, INFINITY, low_closed=True)

    def kinks() -> tuple[Kink, ...]:
        return (Kink(-2.0, 0.0, -1.0, chosen=0.0),)
