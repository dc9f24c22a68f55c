"""Functions of PyTorch tensors with arrays of coefficients, with noise, and with the statistics of a batch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch

from actfn.frontends.torch_inputs import as_parameter, checked, named
from actfn.libraries import torch_gradients
from actfn.libraries.draw import from_torch
from actfn.libraries.terms import with_terms
from actfn.libraries.torch_compiled import kept_whole, ready

Tensor = torch.Tensor


def expanded(activation: Any, x: Tensor, given: dict[str, Any]) -> Tensor:
    """Return a sum over coefficients; their last axis counts the terms, and those before it broadcast against x."""
    terms = activation._terms(activation._given(given), tuple(checked(x, activation.name).shape)).values()
    values = [as_parameter(one) for one in chain(*terms)]
    return summed(activation.name, len(next(iter(terms))), x, *values)


def summed(name: str, count: int, x: Tensor, *values: Any) -> Tensor:
    """Return a sum over coefficients, each by itself; a compiler does not look into how it is put together."""
    if torch.compiler.is_dynamo_compiling() and ready():
        found: Tensor = _summed(name, count, x, *values)
        return found
    return torch_gradients.elementwise(with_terms(name, count), "value", x, values)


@kept_whole
def _summed(name: str, count: int, x: Tensor, *values: Any) -> Tensor:
    return torch_gradients.elementwise(with_terms(name, count), "value", x, values)


def expansion(activation: Any) -> Callable[..., Tensor]:
    """Return a sum over coefficients as a function of tensors."""

    def function(x: Tensor, *values: Any, **given: Any) -> Tensor:
        return expanded(activation, x, named(activation, values, given))

    return function


def noise_for(activation: Any, x: Tensor, given: dict[str, Any], generator: torch.Generator | None) -> Tensor:
    """Return noise for x, from PyTorch's own generator unless another one is given."""
    members = activation._declaration.members
    found: Tensor = from_torch(members["noise"], x, torch, members["bounds"](**activation._given(given)), generator)
    return found


def noisy(activation: Any) -> Callable[..., Tensor]:
    """Return a function with noise as one of tensors."""

    def function(
        x: Tensor,
        *values: Any,
        training: bool | None = None,
        generator: torch.Generator | None = None,
        sample: Tensor | None = None,
        **given: Any,
    ) -> Tensor:
        checked(x, activation.name)
        if "dim" in given and activation._declaration.along_axis:
            given["axis"] = given.pop("dim")
        own = {name: given.pop(name) for name in ("axis", "hard") if name in given}
        given = named(activation, values, given)
        if training is None:
            training = generator is not None or sample is not None
        if generator is not None and sample is not None:
            raise TypeError(f"actfn.torch.{activation.name}: give generator or sample, not both")
        if training and sample is None:
            sample = noise_for(activation, x, given, generator)
        if activation._declaration.along_axis:
            found: Tensor = activation(x, sample=sample, training=training, **own, **given)
            return found
        part, settled, _ = activation._settled(x, None, sample, training, given)
        values = tuple([as_parameter(settled[name]) for name in part._declaration.parameters])
        return torch_gradients.elementwise(part._declaration, "value", x, values)

    return function


def standardised(activation: Any) -> Callable[..., Tensor]:
    """Return a function of the statistics of a batch as one of tensors."""

    def function(
        x: Tensor,
        *values: Any,
        dim: int = 1,
        training: bool = False,
        mean: Any = None,
        variance: Any = None,
        **given: Any,
    ) -> Tensor:
        given = named(activation, values, given)
        checked(x, activation.name)
        found: Tensor = activation(x, dim, training=training, mean=mean, variance=variance, **given)
        return found

    return function


OTHERS: dict[str, Callable[[Any], Callable[..., Tensor]]] = {
    "expansion": expansion,
    "stochastic": noisy,
    "batchwise": standardised,
}
