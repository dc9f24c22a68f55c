"""Functions that depend on the statistics of a batch."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import POSITIVE, REALS, Interval, Parameter, batchwise
from actfn.functions.sigmoids import sigmoid
from actfn.functions.spelling import Spelling


@batchwise(
    hot=False,
    tags=("gated", "learnable"),
    papers=("Zhou et al. 2017, Deep interest network for click-through rate prediction, arXiv:1706.06978",),
    names={
        "echo": Spelling("echoAI.Activation.t_ops.DICE()(x)", note="alpha stays 0 there"),
    },
    parameters=(
        Parameter("alpha", 0.0, REALS, "the slope where the gate is shut; may be learnt"),
        Parameter("epsilon", 1e-8, POSITIVE, "what is added to the variance"),
    ),
)
class dice:
    """A prelu whose corner is soft and follows the data: between alpha x and x by a sigmoid of the standardised x."""

    gate = sigmoid
    inputs = ("x", "mean", "variance")

    def formula(m: Any, x: Any, mean: Any, variance: Any, alpha: Any, epsilon: Any) -> Any:
        p = 1 / (1 + m.exp(-(x - mean) / m.sqrt(variance + epsilon)))
        return p * x + (1 - p) * alpha * x

    def range(alpha: float, epsilon: float) -> Interval:
        return REALS
