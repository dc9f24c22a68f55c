"""Functions that take several inputs to one."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import Interval, Parameter, grouped
from actfn.functions.spelling import Spelling


@grouped(
    tags=("piecewise_linear", "learnable"),
    papers=("Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, Maxout networks, arXiv:1302.4389",),
    names={
        "torch": (
            Spelling("x.unflatten(-1, (-1, group_size)).amax(-1)", recipe=True),
            Spelling("x.unflatten(-1, (group_size, -1)).amax(-2)", values={"grouping": "strided"}, recipe=True),
        ),
        "jax": (
            Spelling("x.reshape(*x.shape[:-1], -1, group_size).max(-1)", recipe=True),
            Spelling("x.reshape(*x.shape[:-1], group_size, -1).max(-2)", values={"grouping": "strided"}, recipe=True),
        ),
        "keras": (
            Spelling("keras.ops.max(keras.ops.reshape(x, (*x.shape[:-1], -1, group_size)), -1)", recipe=True),
            Spelling(
                "keras.ops.max(keras.ops.reshape(x, (*x.shape[:-1], group_size, -1)), -2)",
                values={"grouping": "strided"},
                recipe=True,
            ),
        ),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.layers.Maxout(num_units, axis=-1)(x)",
            values={"grouping": "strided"},
            ignores=("num_units",),
            note="num_units is the number of groups",
        ),
        "echo": Spelling(
            "echoAI.Activation.t_ops.Maxout(pool_size=1)(x)",
            means={"pool_size": "group_size"},
            values={"axis": 1},
        ),
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
