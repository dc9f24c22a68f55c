"""The activation lens: what is called. An Activation is a declaration together with values for its parameters."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from actfn import _core, catalogue
from actfn.explained import Explained
from actfn.functions import declare
from actfn.functions.declare import Declaration, Interval
from actfn.inputs import as_array, told
from actfn.libraries.find import is_foreign

Function = Callable[..., Any]


class Activation(Explained):
    """An activation function: call it for its value; its methods give derivatives, products and explanations.

    Instances come from :func:`actfn.get`, from the attributes of :mod:`actfn` and from :meth:`with_parameters`; they never
    change, compare equal when function and parameters are equal, hash and pickle.

    Examples
    --------
    >>> import actfn
    >>> float(actfn.relu(-2.0)), float(actfn.relu.derivative(3.0))
    (0.0, 1.0)
    >>> actfn.leaky_relu.with_parameters(negative_slope=0.2)
    actfn.leaky_relu(negative_slope=0.2)
    """

    __slots__ = ()

    def __init__(self, declaration: Declaration, values: Mapping[str, Any] | None = None) -> None:
        defaults = {name: parameter.default for name, parameter in declaration.parameters.items()}
        set_once = object.__setattr__
        set_once(self, "name", declaration.name)
        set_once(self, "_declaration", declaration)
        set_once(self, "_values", MappingProxyType({**defaults, **(values or {})}))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{self!r} cannot be changed; with_parameters gives one with other parameters")

    def __repr__(self) -> str:
        own = self._declaration.parameters
        changed = [
            f"{name}={value!r}" if isinstance(value, str) else f"{name}={value}"
            for name, value in self._values.items()
            if not _same(value, own[name].default)
        ]
        return f"actfn.{self.name}({', '.join(changed)})" if changed else f"actfn.{self.name}"

    def _identity(self) -> tuple[Any, ...]:
        values = tuple(
            (v.shape, v.dtype.str, v.tobytes()) if isinstance(v, np.ndarray) else v for v in self._values.values()
        )
        return self._declaration, values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._declaration.module, self.name, dict(self._values))

    def __call__(self, x: Any, /, **keywords: Any) -> Any:
        """Return the function's value; see the subclasses for what each kind takes."""
        raise NotImplementedError

    def vjp(self, x: Any, g: Any, /, **keywords: Any) -> Any:
        """Return the gradient of sum(g f(x)) by x."""
        raise NotImplementedError

    def derivative(self, x: Any, /, order: int = 1, **keywords: Any) -> Any:
        """Return the derivative at x, where the function has one; raise TypeError, and say why, where it has none."""
        raise TypeError(self._why_no("derivative"))

    def gradient(self, x: Any, /, **keywords: Any) -> Any:
        """Return the first derivative at x."""
        raise TypeError(self._why_no("gradient"))

    def value_and_derivative(self, x: Any, /, **keywords: Any) -> tuple[Any, Any]:
        """Return f(x) and f'(x)."""
        raise TypeError(self._why_no("value_and_derivative"))

    def parameter_vjp(self, x: Any, g: Any, /, **parameters: Any) -> dict[str, Any]:
        """Return, for each parameter, the gradient of sum(g f(x)) in the parameter's own shape."""
        raise TypeError(f"{self.name} has no parameters that a gradient could be taken by")

    def jacobian(self, x: Any, /, axis: int = -1) -> Any:
        """Return the matrix of partial derivatives of each row, where the function is one of rows."""
        raise TypeError(f"{self.name} is not a function of rows: its Jacobian follows from derivative or vjp")

    def _why_no(self, member: str) -> str:
        return (
            f"{self.name} has no elementwise derivative, so no {member}, since each output depends on several inputs: "
            f"use {self.name}.vjp(x, g) in training"
        )

    def with_parameters(self, **parameters: Any) -> Activation:
        """Return the same function with other defaults for its parameters.

        Raises
        ------
        TypeError
            If the function has no parameter of that name.
        ValueError
            If a value is outside the parameter's domain.

        Examples
        --------
        >>> import actfn
        >>> float(actfn.leaky_relu.with_parameters(negative_slope=0.25)(-4.0))
        -1.0
        """
        checked = {name: self._checked(name, value) for name, value in parameters.items()}
        return type(self)(self._declaration, {**self._values, **checked})

    def _given(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of all parameters: those of this instance, but for the given ones, which are checked."""
        values = {**self._values, **{name: self._checked(name, value) for name, value in parameters.items()}}
        for name, value in values.items():
            if value is None:
                raise self._missing(name)
        return values

    def _missing(self, name: str) -> TypeError:
        parameter = self._declaration.parameters[name]
        example = list(parameter.example) if isinstance(parameter.example, tuple) else parameter.example
        return TypeError(f"{self.name} needs {name}, for example {name}={example}: {parameter.description}")

    def _checked(self, name: str, value: Any) -> Any:
        """Return the value of a parameter that the function has and that is in its domain."""
        own = self._declaration.parameters
        if name not in own:
            import difflib

            close = difflib.get_close_matches(name, own, n=1)
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise TypeError(f"{self.name} has no parameter {name!r}; {f'did you mean {close[0]!r}?' if close else has}")
        return self._within(own[name].domain, name, value)

    def _within(self, domain: Interval | tuple[str, ...], name: str, value: Any) -> Any:
        """Return a value that is in a domain; an array is copied, so that it cannot change."""
        if is_foreign(value):
            return value  # its numbers may not be known yet, or be far away
        if not isinstance(domain, Interval):
            if not isinstance(value, str) or value not in domain:
                raise ValueError(
                    f"{self.name}: {name} must be one of {', '.join(map(repr, domain))}, got {told(value)}"
                )
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            inside, kept = float(value) in domain, value
        else:
            array = as_array(self.name, value)
            if array.dtype.kind not in "iuf" and array.dtype.name != "bfloat16":
                raise TypeError(f"{self.name}: {name} must be a real number or an array of them, got {told(value)}")
            above = array >= domain.low if domain.low_closed else array > domain.low
            below = array <= domain.high if domain.high_closed else array < domain.high
            inside = bool(np.all(above & below))
            kept = _frozen(value) if isinstance(value, (np.ndarray, list, tuple)) else value
        if not inside:
            raise ValueError(f"{self.name}: {name} must be in {domain}, got {told(value)}")
        return kept


def _same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, (int, float, str)) and bool(value == default))


def _frozen(array: Any) -> Any:
    copy = np.array(array)
    copy.setflags(write=False)
    return copy


def of(declaration: Declaration) -> Activation:
    """Return the Activation of a declaration, with its defaults."""
    rows = declaration.kind == "stochastic" and declaration.along_axis
    return _class_of(declaration.kind, "Rows" if rows else "")(declaration)


@cache
def _class_of(kind: str, ending: str) -> type[Activation]:
    # A kind's module bears its name, and its class too.
    module = importlib.import_module(f"actfn.kinds.{kind}")
    found: type[Activation] = getattr(module, kind.capitalize() + ending)
    return found


def get(name: str) -> Activation:
    """Return the activation function with this name or alias, in any case, with or without underscores.

    Raises
    ------
    UnknownNameError
        If there is none; the message offers the closest names.

    Examples
    --------
    >>> import actfn
    >>> actfn.get("SiLU"), actfn.get("LeakyReLU")
    (actfn.silu, actfn.leaky_relu)
    """
    return of(catalogue.find(name))


def elementwise(**facts: Any) -> Callable[[type], Activation]:
    """Declare an elementwise function of your own; the decorated class becomes an :class:`Activation` at once.

    The class has the methods ``formula``, ``value``, ``first``, ``second``, ``range``, one ``partial_<parameter>`` for each
    parameter and, where the derivative jumps, ``kinks``; see CONTRIBUTING. Its kernels run through NumPy.

    Raises
    ------
    TypeError
        If the declaration lacks a member.
    ValueError
        If the name is taken.

    Examples
    --------
    >>> import actfn
    >>> @actfn.elementwise(tags=("bounded", "smooth"))
    ... class bell:
    ...     '''A bell curve, 1 / (1 + x^2).'''
    ...     def formula(m, x):
    ...         return 1 / (1 + x * x)
    ...     def value(m, x):
    ...         a = m.minimum(m.abs(x), 1e150)  # its square must not overflow
    ...         return 1.0 / (1.0 + a * a)
    ...     def first(m, x):
    ...         a = m.minimum(m.abs(x), 1e150)
    ...         y = 1.0 / (1.0 + a * a)
    ...         return m.copysign(2.0 * a * y * y, -x)
    ...     def second(m, x):
    ...         a = m.minimum(m.abs(x), 1e150)
    ...         y = 1.0 / (1.0 + a * a)
    ...         return (6.0 * a * a - 2.0) * y * y * y
    ...     def range():
    ...         return actfn.Interval(0.0, 1.0, high_closed=True)
    >>> float(bell(1.0)), float(bell.derivative(1.0)), bell.formula
    (0.5, -0.5, '1 / (1 + x * x)')
    """

    def decorate(body: type) -> Activation:
        declaration = declare.elementwise(**facts)(body)
        package = sys.modules["actfn"]
        if declaration.name in {*package.__all__, *package._SUBMODULES}:
            raise ValueError(f"actfn.{declaration.name} is not a function, so that no function can have this name")
        catalogue.add(declaration)
        return of(declaration)

    return decorate


def is_builtin(activation: Activation) -> bool:
    """Tell whether an activation is one of the package's own."""
    return activation._declaration.module.startswith("actfn.functions.")


def _restore(module: str, name: str, values: dict[str, Any]) -> Activation:
    """Rebuild a pickled Activation: a function declared outside the package is declared again by importing its module."""
    if not module.startswith("actfn.functions.") and module not in sys.modules:
        importlib.import_module(module)
    return type(get(name))(catalogue.find(name), values)


def compiled(name: str) -> Any:
    """Return the compiled ufunc with this name, or None."""
    return _core.ufuncs.get(name)
