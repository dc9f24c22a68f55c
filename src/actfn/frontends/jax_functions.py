"""Every function of the catalogue as a function of JAX arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from actfn.activation import Activation, of
from actfn.frontends.jax_calls import JAX
from actfn.frontends.jax_gradients import apply, differentiable
from actfn.frontends.jax_kinds import OTHERS, as_floats
from actfn.frontends.jax_rows import apply as apply_rows
from actfn.frontends.jax_rows import largest
from actfn.kinds.channelwise import Channelwise
from actfn.kinds.gated import Gated
from actfn.kinds.grouped import Grouped
from actfn.kinds.simplex import Simplex

LARGEST = jax.jit(largest, static_argnums=1)
EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD


def elementwise(activation: Activation) -> Callable[..., jax.Array]:
    """Return an elementwise function of x and its parameters."""
    name, declaration = activation.name, activation._declaration
    defaults = {key: parameter.default for key, parameter in activation.parameters.items()}

    def function(x: Any, *values: Any, **given: Any) -> jax.Array:
        if len(values) > len(defaults):
            raise TypeError(f"actfn.jax.{name} takes x and {len(defaults)} parameters, got {1 + len(values)} arguments")
        twice = [key for key in list(defaults)[: len(values)] if key in given]
        if twice:
            raise TypeError(f"actfn.jax.{name} got {twice[0]} twice")
        parameters = {**defaults, **dict(zip(defaults, values)), **given}
        if given.keys() - defaults.keys() or values or given:
            # Numbers are checked, arrays need not be known yet.
            activation.with_parameters(**{key: parameters[key] for key in (*list(defaults)[: len(values)], *given)})
        for key, value in parameters.items():
            if value is None:
                raise activation._missing(key)
        x = as_floats(name, x)
        values = tuple(v if isinstance(v, (int, float)) else as_floats(name, v) for v in parameters.values())
        arrays = [value for value in values if not isinstance(value, (int, float))]
        try:
            np.broadcast_shapes(x.shape, *(array.shape for array in arrays))
        except ValueError:
            shapes = " and ".join(str(array.shape) for array in arrays)
            raise ValueError(
                f"actfn.jax.{name}: parameters of shape {shapes} do not broadcast against x of shape {x.shape}"
            ) from None
        found: jax.Array = apply(declaration, "value", x, values)
        return found

    parameters = [inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY)]
    for key, default in defaults.items():
        parameters.append(
            inspect.Parameter(key, EITHER, default=inspect.Parameter.empty if default is None else default)
        )
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function


def rows(activation: Simplex) -> Callable[..., jax.Array]:
    """Return a function of the rows along an axis."""

    names = [*activation.parameters]

    def along(x: Any, axis: int, parameters: tuple[float, ...] = ()) -> jax.Array:
        x = as_floats(activation.name, x)
        found: jax.Array = apply_rows(activation.name, x, activation._axis(x, axis), parameters=parameters)
        return found

    def plain(x: Any, axis: int = -1) -> jax.Array:
        return along(x, axis)

    def function(x: Any, *values: Any, axis: int = -1, **given: Any) -> jax.Array:
        if len(values) > len(names):
            raise TypeError(
                f"actfn.jax.{activation.name} takes x and {len(names)} parameters, got {1 + len(values)} arguments"
            )
        chosen = activation.with_parameters(**{**dict(zip(names, values)), **given}).parameters.values()
        numbers = [parameter.default for parameter in chosen]
        known = tuple([float(number) for number in numbers if isinstance(number, (int, float))])
        if len(known) < len(numbers):
            raise TypeError(
                f"actfn.jax.{activation.name} takes numbers as {', '.join(names)}, known when it is compiled"
            )
        return along(x, axis, known)

    return function if names else plain


def groups(activation: Grouped) -> Callable[..., jax.Array]:
    """Return a function of the groups along an axis."""

    def function(x: Any, group_size: int | None = None, axis: int = -1, grouping: str | None = None) -> jax.Array:
        given = {"group_size": group_size, "grouping": grouping}
        x = as_floats(activation.name, x)
        parted, member, _ = activation._groups(
            x, axis, {key: value for key, value in given.items() if value is not None}
        )
        found: jax.Array = LARGEST(parted, member - parted.ndim)
        return found

    return function


def gates(activation: Gated) -> Callable[..., jax.Array]:
    """Return a function of gate and up, or of one array that holds both along an axis."""

    def function(x: Any, up: Any = None, axis: int = -1, **given: Any) -> jax.Array:
        arrays = [as_floats(activation.name, array) for array in ((x,) if up is None else (x, up))]
        values = activation._given(given)
        gate, up = activation._divided(tuple(arrays), axis, values)
        wide = jnp.promote_types(jnp.result_type(gate, up), jnp.asarray(0.0).dtype)

        def factor(part: Any, x: Any) -> Any:
            own = [values[name] for name in part.parameters]
            constants = tuple(float(value) if isinstance(value, (int, float)) else None for value in own)
            held = [as_floats(activation.name, value) for value, known in zip(own, constants) if known is None]
            return differentiable(part, "value", constants)(x.astype(wide), *held)

        opening, passing = activation._parts
        found: jax.Array = (factor(opening, gate) * factor(passing, up)).astype(jnp.result_type(gate, up))
        return found

    return function


def channels(activation: Channelwise) -> Callable[..., jax.Array]:
    """Return a function of the channels along an axis."""
    part = elementwise(of(activation._declaration.parts["function"]))

    def function(x: Any, axis: int = -1) -> jax.Array:
        found: jax.Array = activation._foreign(JAX, part, as_floats(activation.name, x), axis)
        return found

    return function


def function_of(activation: Activation) -> Callable[..., jax.Array]:
    """Return an activation as a function of JAX arrays.

    The parameters that the activation has are the defaults. A function of your own, declared with :func:`actfn.elementwise`,
    becomes one of JAX in this way.

    Examples
    --------
    >>> import actfn, jax
    >>> from actfn.jax import function_of
    >>> steep = function_of(actfn.swish.with_parameters(beta=2.0))
    >>> float(jax.grad(steep)(0.0))
    0.5
    """
    if isinstance(activation, Gated):
        made = gates(activation)
    elif isinstance(activation, Channelwise):
        made = channels(activation)
    elif isinstance(activation, Simplex):
        made = rows(activation)
    elif isinstance(activation, Grouped):
        made = groups(activation)
    elif activation.kind in OTHERS:
        made = OTHERS[activation.kind](activation)
    else:
        made = elementwise(activation)
    made.__name__ = made.__qualname__ = activation.name
    made.__module__ = "actfn.jax"
    made.__doc__ = documentation(activation)
    return made


# What a call takes beside x and the parameters, by the kind of function.
BESIDE = {
    "elementwise": (),
    "expansion": (),
    "stochastic": (
        ("key : jax.Array, optional", "Where noise is drawn from, a key of jax.random."),
        ("sample : jax.Array, optional", "Noise drawn before, of x's shape."),
        ("training : bool, optional", "Whether there is noise; by default, if a key or a sample is given."),
    ),
    "batchwise": (
        ("axis : int", "The axis of the channels."),
        ("training : bool", "Whether mean and variance are those of x."),
        ("mean, variance : float or jax.Array", "Those of evaluation, one number or one for each channel."),
    ),
}
ALONG = (("axis : int", "The axis of the rows, groups, channels, or of gate and up."),)
HARD = (("hard : bool", "Whether the largest entry of a row becomes 1 and the others 0; the gradient stays."),)


def documentation(activation: Activation) -> str:
    """Return the docstring of an activation's function of arrays."""
    lines = [activation.summary, "", "Parameters", "----------", "x : array_like", "    Any shape, any real dtype."]
    numeric = activation.kind in BESIDE
    for p in activation.parameters.values():
        kind = "float or jax.Array" if numeric else type(p.example or p.default).__name__
        lines += [f"{p.name} : {kind}", f"    {p.description[0].upper()}{p.description[1:]}."]
    beside = BESIDE.get(activation.kind, ALONG)
    if activation.kind == "stochastic" and activation._declaration.along_axis:
        beside = (*beside, *ALONG, *HARD)
    for name, meaning in beside:
        lines += [name, f"    {meaning}"]
    lines += ["", "Returns", "-------", "jax.Array", "    The dtype of x; integers and bool give JAX's default dtype."]
    if activation.papers:
        lines += ["", "References", "----------", *activation.papers]
    return "\n".join(lines)
