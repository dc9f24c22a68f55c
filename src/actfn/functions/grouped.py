"""Functions that take several inputs to one."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import Interval, Parameter, grouped


@grouped(
    tags=("piecewise_linear", "learnable"),
    papers=("Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, Maxout networks, arXiv:1302.4389",),
    frameworks={
        "PyTorch": "x.unflatten(dim, (-1, group_size)).amax(dim + 1)",
        "JAX": "reshape and max",
        "Keras": "tensorflow_addons.layers.Maxout (strided groups)",
        "ONNX": "Reshape and ReduceMax",
    },
    parameters=(
        Parameter("group_size", None, Interval(0.0), "how many inputs share one output", example=2),
        Parameter(
            "grouping", "contiguous", ("contiguous", "strided"), "neighbours, or every (n / group_size)-th input"
        ),
    ),
)
class maxout:
    """The largest of each group of inputs: with a linear layer before it, a learnt convex activation."""

    def formula(m: Any, x: Any) -> Any:
        return m.largest(x)

    def range(group_size: float, grouping: str) -> Interval:
        return Interval()
