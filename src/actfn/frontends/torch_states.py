"""Modules that learn arrays of coefficients, draw noise in training, or follow the statistics of the data."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn

from actfn.activation import Activation
from actfn.frontends.torch_inputs import named, starts_of
from actfn.frontends.torch_kinds import expanded, noisy, standardised

Tensor = torch.Tensor


def hold(module: nn.Module, values: dict[str, Any]) -> None:
    """Keep values in a module: an ``nn.Parameter`` to be learnt, another tensor as a buffer."""
    for name, value in values.items():
        if isinstance(value, Tensor) and not isinstance(value, nn.Parameter):
            module.register_buffer(name, value)
        else:
            setattr(module, name, value)


def changed(module: Any) -> list[str]:
    """Return the parameters of a module's function that are not its defaults, as they are shown."""
    shown = []
    for name, parameter in module.function.parameters.items():
        value = getattr(module, name)
        if isinstance(value, Tensor):
            shown.append(f"{name} of shape {tuple(value.shape)}")
        elif value != parameter.default:
            shown.append(f"{name}={value!r}")
    return shown


class Expansion(nn.Module):
    """A sum over coefficients that are learnt.

    Parameters
    ----------
    *values, **given : list of float, or tensor
        Where each array of coefficients starts, at an example by default. Its last axis counts the terms, and those before it
        broadcast against x: the shape ``(channels, 1, 1, terms)`` for channels on axis 1 of images.
    device, dtype
        Of the parameters.
    """

    function: ClassVar[Activation]

    def __init__(self, *values: Any, device: Any = None, dtype: Any = None, **given: Any) -> None:
        super().__init__()
        starts = starts_of(self.function, named(self.function, values, given))
        dtype = dtype or torch.get_default_dtype()
        kept = {
            name: torch.tensor(start.tolist() if hasattr(start, "tolist") else start, dtype=dtype, device=device)
            for name, start in starts.items()
        }
        self.function._given(kept)
        for name, start in kept.items():
            setattr(self, name, nn.Parameter(start.clone().to(device)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the value at each element of x."""
        return expanded(self.function, x, {name: getattr(self, name) for name in self.function._declaration.parameters})

    def extra_repr(self) -> str:
        """Return the shapes of the coefficients."""
        return ", ".join(changed(self))


class Stochastic(nn.Module):
    """A function with noise in training, which PyTorch's own generator draws, and without in evaluation.

    A parameter that the noise is multiplied with is learnt.
    """

    function: ClassVar[Activation]

    def __init__(self, *values: Any, **given: Any) -> None:
        super().__init__()
        given, beside = named(self.function, values, given), {}
        if self.function._declaration.along_axis:
            beside = {"dim": given.pop("dim", -1), "hard": given.pop("hard", False)}
        starts = starts_of(self.function, given)
        self.function._given(starts)
        part = self.function._declaration.parts.get("function")
        learnt = () if part is None else part.parameters
        self.beside = beside
        hold(self, {name: nn.Parameter(torch.tensor(v)) if name in learnt else v for name, v in starts.items()})

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the value, in training with noise from a generator."""
        values = {name: getattr(self, name) for name in self.function._declaration.parameters}
        generator = generator if self.training else None
        return noisy(self.function)(x, training=self.training, generator=generator, **self.beside, **values)

    def extra_repr(self) -> str:
        """Return what is not the default."""
        return ", ".join([*changed(self), *(f"{name}={value}" for name, value in self.beside.items())])


class Batchwise(nn.Module):
    """A function of the statistics of each channel: those of the batch in training, running ones in evaluation.

    Parameters
    ----------
    num_features : int
        The number of channels; each learns its own parameter.
    alpha, epsilon : float
        Where the learnt parameter starts, and what is added to the variance.
    momentum : float
        The share of a batch in the running mean and variance.
    dim : int
        The axis of the channels.
    device, dtype
        Of the parameter.
    """

    function: ClassVar[Activation]
    running_mean: Tensor
    running_variance: Tensor

    def __init__(
        self,
        num_features: int,
        alpha: float = 0.0,
        epsilon: float = 1e-8,
        momentum: float = 0.1,
        dim: int = 1,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not 0 < momentum <= 1:
            raise ValueError(f"{type(self).__name__}: momentum must be above 0 and at most 1, got {momentum!r}")
        starts_of(self.function, {"alpha": alpha, "epsilon": epsilon})
        self.num_features, self.epsilon, self.momentum, self.dim = num_features, epsilon, momentum, dim
        self.alpha = nn.Parameter(torch.full((num_features,), float(alpha), device=device, dtype=dtype))
        self.register_buffer("running_mean", torch.zeros(num_features, device=device))
        self.register_buffer("running_variance", torch.ones(num_features, device=device))

    def forward(self, x: Tensor) -> Tensor:
        """Return the value; in training the running statistics follow those of x."""
        function = standardised(self.function)
        if not self.training:
            known = {"mean": self.running_mean, "variance": self.running_variance}
            return function(x, self.alpha, self.epsilon, dim=self.dim, **known)
        with torch.no_grad():
            for running, found in zip((self.running_mean, self.running_variance), self._statistics(x), strict=True):
                running.lerp_(found.to(running.dtype), self.momentum)
        return function(x, self.alpha, self.epsilon, dim=self.dim, training=True)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = self.function.statistics(x.detach(), self.dim)  # type: ignore[attr-defined]
        return found

    def extra_repr(self) -> str:
        """Return the number of channels and the axis."""
        return f"{self.num_features}, epsilon={self.epsilon}, momentum={self.momentum}, dim={self.dim}"
