"""Every function of the catalogue as a module of PyTorch; those with a learnt parameter hold it."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import torch
from torch import nn

from actfn.activation import Activation, get
from actfn.frontends.names import class_name
from actfn.frontends.torch_functions import channelwise, gated, in_place
from actfn.frontends.torch_inputs import arguments_of, checked, named, numbers_of, refuse_shapes, starts_of
from actfn.frontends.torch_states import Batchwise, Expansion, Stochastic, changed, hold
from actfn.libraries import torch_gradients, torch_groups, torch_rows

Tensor = torch.Tensor


class Elementwise(nn.Module):
    """A function of each element; a parameter that is a tensor is kept as a buffer, and learnt if it is an ``nn.Parameter``."""

    function: ClassVar[Activation]

    def __init__(self, *values: Any, inplace: bool = False, **given: Any) -> None:
        super().__init__()
        self.inplace = inplace
        found = arguments_of(self.function, named(self.function, values, given))
        hold(self, dict(zip(self.function.parameters, found)))
        if inplace:
            in_place(self.function, torch.zeros(0), found)

    def forward(self, x: Tensor) -> Tensor:
        """Return the value at each element of x."""
        checked(x, self.function.name)
        parameters = tuple([getattr(self, name) for name in self.function._declaration.parameters])
        if self.inplace:
            return in_place(self.function, x, parameters)
        if parameters:
            refuse_shapes(self.function.name, x, parameters)
        return torch_gradients.elementwise(self.function._declaration, "value", x, parameters)

    def extra_repr(self) -> str:
        """Return the parameters that are not the defaults."""
        return ", ".join([*changed(self), *(["inplace=True"] if self.inplace else [])])


class Learnable(nn.Module):
    """A function of each element whose parameters are learnt: one of each for all, or one for each channel of axis 1.

    Parameters
    ----------
    *values, **given : float
        Where each parameter starts: at its default, or, where it must be given, at its example.
    num_parameters : int
        1, or the number of channels of axis 1.
    device, dtype
        Of the parameters.
    """

    function: ClassVar[Activation]
    # The names of the parameters in the state, where they are others than the function's.
    keys: ClassVar[dict[str, str]] = {}

    def __init__(
        self, *values: Any, num_parameters: int = 1, device: Any = None, dtype: Any = None, **given: Any
    ) -> None:
        super().__init__()
        if not isinstance(num_parameters, int) or isinstance(num_parameters, bool) or num_parameters < 1:
            raise ValueError(
                f"{type(self).__name__}: num_parameters must be a positive integer, got {num_parameters!r}"
            )
        self.num_parameters = num_parameters
        for name, start in starts_of(self.function, named(self.function, values, given)).items():
            full = torch.full((num_parameters,), float(start), device=device, dtype=dtype)
            setattr(self, self.keys.get(name, name), nn.Parameter(full))

    def forward(self, x: Tensor) -> Tensor:
        """Return the value at each element of x."""
        checked(x, self.function.name)
        if self.num_parameters > 1:
            if x.ndim < 2 or x.shape[1] != self.num_parameters:
                raise ValueError(
                    f"{type(self).__name__} has {self.num_parameters} parameters, one for each channel of axis 1, "
                    f"and got x of shape {tuple(x.shape)}"
                )
            shape = (-1, *[1] * (x.ndim - 2))
        else:
            shape = ()
        held = [getattr(self, self.keys.get(name, name)) for name in self.function._declaration.parameters]
        values = tuple([value.reshape(shape) for value in held])
        return torch_gradients.elementwise(self.function._declaration, "value", x, values)

    def extra_repr(self) -> str:
        """Return the number of parameters."""
        return f"num_parameters={self.num_parameters}"


class PReLU(Learnable):
    """A rectifier whose slope for negative input is learnt; its state is that of :class:`torch.nn.PReLU`.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels of axis 1.
    init : float
        Where every slope starts.
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> A.PReLU()(torch.tensor([-4.0, 2.0]))
    tensor([-1.,  2.], grad_fn=<_EagerBackward>)
    """

    keys: ClassVar[dict[str, str]] = {"alpha": "weight"}

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__(init, num_parameters=num_parameters, device=device, dtype=dtype)
        self.init = init


class Swish(Learnable):
    """x sigmoid(beta x) with a beta that is learnt.

    Parameters
    ----------
    beta : float
        Where every beta starts.
    num_parameters : int
        1, or the number of channels of axis 1.
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> A.Swish(num_parameters=3)(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """

    def __init__(self, beta: float = 1.0, num_parameters: int = 1, device: Any = None, dtype: Any = None) -> None:
        super().__init__(beta, num_parameters=num_parameters, device=device, dtype=dtype)


class Rows(nn.Module):
    """A function of rows along an axis."""

    function: ClassVar[Activation]

    def __init__(self, *values: Any, dim: int = -1, **given: Any) -> None:
        super().__init__()
        names = [*self.function.parameters]
        if len(values) == 1 and not names:
            (dim,), values = values, ()
        if len(values) > len(names):
            raise TypeError(f"{type(self).__name__} takes {len(names)} parameters and dim, got {len(values)} arguments")
        self.dim = dim
        for name, value in zip(names, numbers_of(self.function, {**dict(zip(names, values)), **given})):
            setattr(self, name, value)

    def forward(self, x: Tensor) -> Tensor:
        """Return the function of each row of x."""
        checked(x, self.function.name)
        parameters = tuple([getattr(self, name) for name in self.function._declaration.parameters])
        axis = self.function._axis(x, self.dim)  # type: ignore[attr-defined]
        found: Tensor = torch_rows.apply(self.function.name, x, axis, parameters)
        return found

    def extra_repr(self) -> str:
        """Return the parameters and the axis."""
        listed = [f"{name}={getattr(self, name)}" for name in self.function.parameters]
        return ", ".join([*listed, f"dim={self.dim}"])


class Gated(nn.Module):
    """A function of gate and up, given as two tensors or as one that holds both along an axis."""

    function: ClassVar[Activation]

    def __init__(self, dim: int = -1, **given: Any) -> None:
        super().__init__()
        self.dim = dim
        hold(self, self.function._given(given))  # type: ignore[attr-defined]

    def forward(self, x: Tensor, up: Tensor | None = None) -> Tensor:
        """Return the value, with half of the axis if x holds both."""
        values = {name: getattr(self, name) for name in self.function._declaration.parameters}
        return gated(self.function, values, x, up, self.dim)

    def extra_repr(self) -> str:
        """Return the axis and the parameters."""
        return ", ".join([f"dim={self.dim}", *changed(self)])


class Channelwise(nn.Module):
    """A function of the channels along an axis."""

    function: ClassVar[Activation]

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Return the value."""
        return channelwise(self.function, x, self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"


class Maxout(nn.Module):
    """A linear layer with several pieces for each unit, of which the largest counts: a learnt convex activation.

    Parameters
    ----------
    in_features, out_features, pieces : int
        ``linear`` maps ``in_features`` to ``out_features * pieces``.
    bias : bool
    device, dtype
        Of the parameters.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> A.Maxout(3, 2, pieces=4)(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    function: ClassVar[Activation]

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int = 2,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, value in {"in_features": in_features, "out_features": out_features, "pieces": pieces}.items():
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"Maxout: {name} must be a positive integer, got {value!r}")
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces, bias, device=device, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the largest piece of each unit for x of shape (..., in_features)."""
        return torch_groups.maxout(self.linear(x), self.pieces, -1, "contiguous")

    def extra_repr(self) -> str:
        """Return the number of pieces."""
        return f"pieces={self.pieces}"


HELD: dict[str, type[nn.Module]] = {"prelu": PReLU, "swish": Swish, "maxout": Maxout}


BASES: dict[str, type[nn.Module]] = {
    "elementwise": Elementwise,
    "simplex": Rows,
    "gated": Gated,
    "channelwise": Channelwise,
    "expansion": Expansion,
    "stochastic": Stochastic,
    "batchwise": Batchwise,
}


@cache
def _class(name: str) -> type[nn.Module]:
    activation = get(name)
    held = HELD.get(name)
    if held is not None:
        setattr(held, "function", activation)  # noqa: B010
        held.__module__ = "actfn.torch"
        return held
    learnt = activation.kind == "elementwise" and "learnable" in activation.tags
    base = Learnable if learnt else BASES[activation.kind]
    members = {"function": activation, "__module__": "actfn.torch", "__doc__": activation.summary}
    return type(class_name(name), (base,), members)


def module_of(activation: Activation) -> type[nn.Module]:
    """Return the module class of an activation."""
    return _class(activation.name)
