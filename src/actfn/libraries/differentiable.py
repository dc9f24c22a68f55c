"""The vocabulary in arithmetic that a library can differentiate by itself, for derivatives that are not declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actfn.functions.declare import Declaration
from actfn.libraries.find import Library
from actfn.libraries.pairs import WIDTHS, Pairs
from actfn.libraries.run import followed, plan
from actfn.libraries.wide import Wide


class Differentiable(Wide):
    """Everything in the dtype of the arrays; joints and zeros have the slope of the side that is chosen there."""

    def __init__(self, library: Library, inputs: Sequence[Any]) -> None:
        super().__init__(library, inputs[0], inputs[0].dtype)
        self.width = WIDTHS[library.dtype_name(inputs[0])]
        self.inputs = inputs
        self.points: list[Any] = []

    literal = Pairs.literal

    def equal(self, a: Any, b: Any) -> Any:
        mask = a == b
        if a is not b and any(a is value for value in self.inputs):
            self.points.append(mask)
        return mask

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        # What is written for a single point of an input has no slope: where the rest is finite there, it has the right one.
        if any(condition is mask for mask in self.points):
            condition = condition & ~self.xp.isfinite(self.array(otherwise))
        return super().where(condition, chosen, otherwise)

    def abs(self, x: Any) -> Any:
        return self.where(self.xp.signbit(x), -x, x)

    def minimum(self, x: Any, y: Any) -> Any:
        return self.where(x > y, y, x)

    def maximum(self, x: Any, y: Any) -> Any:
        return self.where(x < y, y, x)

    def copysign(self, x: Any, y: Any) -> Any:
        x, y = self.array(x), self.array(y)
        return self.where(self.xp.signbit(x) == self.xp.signbit(y), x, -x)

    def expm1(self, x: Any) -> Any:
        # Libraries take 1 + expm1(x) for the derivative, of which nothing is left in the tail.
        tail = self.exp(self.minimum(x, -1.0)) - 1.0
        return self.where(x < -1.0, tail, super().expm1(x))

    expm1_pair = expm1

    def tanh(self, x: Any) -> Any:
        lack = self.expm1(-2.0 * self.abs(x))
        return self.copysign(-lack / (2.0 + lack), x)


def evaluate(library: Library, declaration: Declaration, kernel: str, x: Any, parameters: Sequence[Any]) -> Any:
    """Return a kernel at x, which is differentiable by x and by the parameters that are arrays; all have the dtype of x."""
    inputs = dict(zip(("x", *declaration.parameters), (x, *parameters)))
    operations = Differentiable(library, [value for value in inputs.values() if not isinstance(value, float)])
    steps, kept = plan(declaration, (kernel,), True)
    found = operations.array(followed(operations, steps, inputs)[kept[0]])
    return library.xp.broadcast_to(found, library.broadcast_shapes(*(value.shape for value in operations.inputs)))
