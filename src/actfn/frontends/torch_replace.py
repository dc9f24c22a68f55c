"""Exchange the activations of a trained model."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from actfn.activation import Activation, get
from actfn.frontends.torch_modules import Elementwise, Learnable, Rows, module_of

# The function that each of PyTorch's modules computes, and the parameters that carry over.
SAME: dict[type[nn.Module], tuple[str, tuple[str, ...]]] = {
    nn.Identity: ("identity", ()),
    nn.ReLU: ("relu", ()),
    nn.LeakyReLU: ("leaky_relu", ("negative_slope",)),
    nn.PReLU: ("prelu", ()),
    nn.ELU: ("elu", ("alpha",)),
    nn.SELU: ("selu", ()),
    nn.Softplus: ("softplus", ("beta",)),
    nn.Softsign: ("softsign", ()),
    nn.Sigmoid: ("sigmoid", ()),
    nn.Tanh: ("tanh", ()),
    nn.Hardsigmoid: ("hard_sigmoid", ()),
    nn.Hardswish: ("hard_swish", ()),
    nn.ReLU6: ("relu6", ()),
    nn.Hardshrink: ("hard_shrink", ("lambd",)),
    nn.Softshrink: ("soft_shrink", ("lambd",)),
    nn.Threshold: ("threshold", ("threshold", "value")),
    nn.SiLU: ("silu", ()),
    nn.Mish: ("mish", ()),
    nn.GELU: ("gelu", ()),
    nn.Softmax: ("softmax", ()),
    nn.LogSoftmax: ("log_softmax", ()),
}


def same_function(module: nn.Module) -> str | None:
    """Return the name of the function that a module of PyTorch or of actfn computes, or None."""
    if isinstance(module, nn.GELU) and module.approximate == "tanh":
        return "gelu_tanh"
    if isinstance(module, (Elementwise, Learnable, Rows)):
        return module.function.name
    return SAME.get(type(module), (None, ()))[0]


def replace(
    model: nn.Module, old: type[nn.Module], new: str | Activation | Callable[[nn.Module], nn.Module] | None = None
) -> int:
    """Replace every module of a class in a model, in place; return how many places were changed.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place; ``copy.deepcopy(model)`` before keeps the old one.
    old : type
        The class of the modules to replace, for example ``torch.nn.GELU``; subclasses are left alone.
    new : str, Activation, callable or None
        The function to put there; a callable takes the old module and returns the new one. None stands for the same function, which
        for ``nn.GELU(approximate="tanh")`` is ``gelu_tanh``. Parameters that both have carry over: ``negative_slope``, ``alpha``,
        ``beta``, ``dim``, and the learnt ``weight`` of ``nn.PReLU`` itself, so that an optimizer still knows it.

    Returns
    -------
    int
        A module that stands at two places stays one module, and counts twice.

    Raises
    ------
    ValueError
        If the model itself is of the class; if there is no module of the class; if ``new`` is gelu and a module the other variant of
        gelu, which is another function. Nothing is changed then.

    Examples
    --------
    >>> import torch, actfn.torch as A
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.GELU())
    >>> A.replace(model, torch.nn.GELU, "gelu")
    1
    >>> model[1]
    GELU()
    """
    if not (isinstance(old, type) and issubclass(old, nn.Module)):
        raise TypeError(f"replace takes the class of the modules to replace, for example torch.nn.GELU, got {old!r}")
    if type(model) is old:
        raise ValueError(f"the model itself is a {old.__name__}, which cannot be replaced in place")
    target = get(new) if isinstance(new, str) else new
    places = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent._modules.items()
        if child is not None and type(child) is old
    ]
    if not places:
        kinds = sorted({type(module).__name__ for module in model.modules() if not module._modules})
        raise ValueError(f"the model has no {old.__name__}; it has {', '.join(kinds)}")
    made = {child: _successor(child, target) for _, _, child in places}
    for parent, name, child in places:
        parent._modules[name] = made[child].train(child.training)
    return len(places)


def _successor(module: nn.Module, target: Activation | Callable[[nn.Module], nn.Module] | None) -> nn.Module:
    """Return the module that takes the place of another one."""
    if target is not None and not isinstance(target, Activation):
        return target(module)
    computed = same_function(module)
    if target is None:
        if computed is None:
            raise ValueError(f"{type(module).__name__} is none of actfn's functions; say which one replaces it")
        target = get(computed)
    if {computed, target.name} == {"gelu", "gelu_tanh"}:
        raise ValueError(
            f"{module!r} computes {computed}, and {target.name} is another function: replace it by {computed!r}, or leave "
            "out the name for the same function; a callable replaces it by any other"
        )
    new = module_of(target)
    if isinstance(module, nn.PReLU) and target.name == "prelu":
        held = new(module.num_parameters, module.init)
        held.weight = module.weight
        return held
    if target.kind == "simplex":
        dim = getattr(module, "dim", -1)
        if dim is None:
            raise ValueError(f"{module!r} has no dim; give it one first")
        return new(dim=dim)
    carried = SAME.get(type(module), ("", ()))[1]
    given = {name: getattr(module, name) for name in carried if name in target.parameters}
    inplace = bool(getattr(module, "inplace", False)) and target.name == computed in ("relu", "leaky_relu", "identity")
    if inplace and given.get("negative_slope", 1.0) > 0:
        given["inplace"] = True
    defaults = {name: p.default for name, p in target.parameters.items()}
    own = {name: value for name, value in defaults.items() if value is not None and isinstance(value, (int, float))}
    return new(**{**own, **given}) if target.kind == "elementwise" else new(**given)
