"""Activations of one number and scalar parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actfn import parallel
from actfn.activation import Activation, compiled
from actfn.arrays import SUFFIXES, InterpretedFunction
from actfn.functions.declare import KERNELS, Declaration
from actfn.inputs import KEPT, UFUNC_KEYWORDS, is_plain, refusal, typed, undefined
from actfn.libraries import find

OUT = ["out"]


class Elementwise(Activation):
    """A function from x to y that broadcasts its parameters against x.

    Arrays, scalars and lists of float16, bfloat16, float32 and float64 keep their dtype; integers and bool give float64. Every
    call takes ``out=``, ``where=`` and what else a ufunc takes, never warns, is NaN at NaN and has its limit at infinity.
    """

    __slots__ = ("_arguments", "_complete", "_orders", "_value_and_first", "_vjp")

    _arguments: tuple[Any, ...]
    _complete: bool
    _orders: tuple[Any, ...]
    _value_and_first: Any
    _vjp: Any

    def __init__(self, declaration: Declaration, values: Mapping[str, Any] | None = None, name: str = "") -> None:
        super().__init__(declaration, values)
        set_once = object.__setattr__
        # One that works for a function of another kind bears its name in errors.
        set_once(self, "name", name or declaration.name)
        name, kernels = declaration.name, declaration.kernels
        orders = [
            compiled(name + suffix) or InterpretedFunction(name, kernels[kernel]) for kernel, suffix in SUFFIXES.items()
        ]
        set_once(self, "_orders", tuple(orders))
        set_once(self, "_vjp", compiled(f"{name}_vjp") or InterpretedFunction(name, kernels["first"], times_g=True))
        set_once(self, "_value_and_first", compiled(f"{name}_value_d1"))
        set_once(self, "_arguments", tuple(_as_argument(value) for value in self._values.values()))
        set_once(self, "_complete", all(argument is not None for argument in self._arguments))

    def __call__(self, x: Any, /, **keywords: Any) -> Any:
        """Return f(x).

        Parameters
        ----------
        x : array_like
            Any shape, any real dtype.
        **keywords
            The function's parameters, and ``out``, ``where``, ``dtype``, ... as for any ufunc.

        Returns
        -------
        ndarray or scalar
            The shape of x broadcast with the parameters.

        Raises
        ------
        TypeError
            If the dtype is complex, object or a string, or a parameter is unknown or missing.
        ValueError
            If a parameter is outside its domain, or shapes do not broadcast.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.leaky_relu(np.array([-2.0, 3.0]), negative_slope=0.5)
        array([-1.,  3.])
        """
        # The usual call costs no search; nor do the others below.
        if (type(x) is not np.ndarray or (keywords and [*keywords] != OUT)) and (
            library := find.find(x, *keywords.values())
        ) is not None:
            return self._in_library(library, ("value",), x, keywords)[0]
        return self._run(self._orders[0], (x,), keywords)

    def derivative(self, x: Any, /, order: int = 1, **keywords: Any) -> Any:
        """Return the derivative of an order 0, 1 or 2 at x; at a kink the value that ``kinks`` states.

        Examples
        --------
        >>> import actfn
        >>> float(actfn.tanh.derivative(0.0)), float(actfn.softplus.derivative(0.0, order=2))
        (1.0, 0.25)
        """
        if order not in (0, 1, 2) or not isinstance(order, int):
            raise ValueError(f"{self.name}: order must be 0, 1 or 2, got {order!r}")
        if (type(x) is not np.ndarray or (keywords and [*keywords] != OUT)) and (
            library := find.find(x, *keywords.values())
        ) is not None:
            return self._in_library(library, KERNELS[order : order + 1], x, keywords)[0]
        return self._run(self._orders[order], (x,), keywords)

    def gradient(self, x: Any, /, **keywords: Any) -> Any:
        """Return the first derivative at x."""
        return self.derivative(x, **keywords)

    def vjp(self, x: Any, g: Any, /, **keywords: Any) -> Any:
        """Return g f'(x) in one pass: the gradient that a training step needs.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.relu.vjp(np.array([-1.0, 2.0]), np.array([10.0, 10.0]))
        array([ 0., 10.])
        """
        if (type(x) is not np.ndarray or type(g) is not np.ndarray or (keywords and [*keywords] != OUT)) and (
            library := find.find(x, g, *keywords.values())
        ) is not None:
            return self._in_library(library, ("first",), x, keywords, g)[0]
        return self._run(self._vjp, (x, typed(g, x)), keywords)

    def value_and_derivative(self, x: Any, /, **keywords: Any) -> tuple[Any, Any]:
        """Return f(x) and f'(x), in one pass over memory for a NumPy array.

        Examples
        --------
        >>> import actfn
        >>> [float(part) for part in actfn.sigmoid.value_and_derivative(0.0)]
        [0.5, 0.25]
        """
        if (type(x) is not np.ndarray or (keywords and [*keywords] != OUT)) and (
            library := find.find(x, *keywords.values())
        ) is not None:
            value, first = self._in_library(library, ("value", "first"), x, keywords)
            return value, first
        x = np.asarray(x) if isinstance(x, (list, tuple)) else x
        if self._value_and_first is not None and is_plain(x):
            value, first = self._run(self._value_and_first, (x,), keywords)
            return value, first
        return self(x, **keywords), self.gradient(x, **keywords)

    def parameter_vjp(self, x: Any, g: Any, /, **parameters: Any) -> dict[str, Any]:
        """Return, for each parameter, the gradient of sum(g f(x)) in the parameter's own shape.

        Raises
        ------
        TypeError
            If the function has no parameters.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> x, alpha = np.array([[-1.0, 2.0], [-3.0, -4.0]]), np.array([0.1, 0.2])
        >>> actfn.prelu.parameter_vjp(x, np.ones((2, 2)), alpha=alpha)
        {'alpha': array([-4., -4.])}
        """
        if not self._values:
            raise TypeError(f"{self.name} has no parameters, so that parameter_vjp has nothing to return")
        arguments = self._all_arguments(parameters)
        if parameters:
            raise TypeError(f"{self.name}.parameter_vjp takes x, g and parameters, not {', '.join(parameters)}")
        gradients: dict[str, Any] = {}
        if (library := find.find(x, g, *arguments)) is not None:
            from actfn.libraries.run import summed_to

            partials = tuple(f"partial_{name}" for name in self._values)
            given = dict(zip(self._values, arguments))
            products = self._in_library(library, partials, x, given, g, narrow=False)
            dtype = library.as_float(library.array(x, x)).dtype
            return {name: summed_to(library, p, given[name], dtype) for name, p in zip(self._values, products)}
        for name, argument in zip(self._values, arguments):
            kernel = self._declaration.kernels[f"partial_{name}"]
            product = compiled(f"{self._declaration.name}_vjp_{name}") or InterpretedFunction(
                self.name, kernel, times_g=True
            )
            gradients[name] = sum_to_shape(
                self._apply(product, (_as_argument(x), typed(g, x), *arguments), {}), argument
            )
        return gradients

    def partials(self, x: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the derivative by each parameter at each element of a NumPy array."""
        given = {name: _as_argument(parameters[name]) for name in self._values}
        return {
            name: (compiled(f"{self._declaration.name}_d_{name}") or InterpretedFunction(self.name, kernel))(
                x, *given.values()
            )
            for name, kernel in ((name, self._declaration.kernels[f"partial_{name}"]) for name in given)
        }

    def _in_library(
        self,
        library: find.Library,
        kernels: tuple[str, ...],
        x: Any,
        keywords: dict[str, Any],
        g: Any = None,
        narrow: bool = True,
    ) -> list[Any]:
        """Run kernels in another library than NumPy."""
        from actfn.libraries.run import evaluate

        keywords = dict(keywords)
        arguments = self._all_arguments(keywords)
        if keywords:
            raise TypeError(f"{self.name} takes {', '.join(keywords)}= with NumPy arrays only")
        like = next(value for value in (x, g, *arguments) if find.is_foreign(value))
        x = library.array(x, like)
        for value in (x, g, *arguments):
            if hasattr(value, "dtype") and not library.is_real(value):
                raise undefined(self.name, value.dtype)
        try:
            if library.name in ("torch", "jax") and narrow:
                x, values = library.as_float(x), tuple(_as_floats(library, value, x) for value in arguments)
                g = None if g is None else library.array(g, x)
                library.broadcast_shapes(*(value.shape for value in (x, g, *values) if hasattr(value, "shape")))
                if library.name == "jax":
                    from actfn.frontends.jax_gradients import apply

                    return [apply(self._declaration, kernel, x, values, g) for kernel in kernels]
                from actfn.libraries.torch_gradients import elementwise

                found = [elementwise(self._declaration, kernel, x, values) for kernel in kernels]
                return found if g is None else [g * part for part in found]
            return evaluate(library, self._declaration, kernels, x, arguments, g, narrow)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None

    def _run(self, function: Any, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if self._complete and (not keywords or (len(keywords) == 1 and "out" in keywords)):
            if self._arguments:
                # Beside a float64 parameter, a Python number as x would be taken for the narrowest type.
                inputs = (_as_argument(inputs[0]), *inputs[1:], *self._arguments)
            return self._apply(function, inputs, keywords)
        return self._apply(function, (_as_argument(inputs[0]), *inputs[1:], *self._all_arguments(keywords)), keywords)

    def _apply(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if "dtype" in keywords and self._values and isinstance(function, np.ufunc):
            keywords = {**keywords, "signature": self._signature(function, keywords["dtype"])}
            del keywords["dtype"]
        x = arguments[0]
        try:
            if type(x) is np.ndarray and x.size >= parallel.LEAST:
                return parallel.call(function, arguments, keywords)
            return function(*arguments, **keywords)
        except (TypeError, ValueError) as error:
            inputs = ("x", "g")[: len(arguments) - len(self._values)]
            given = dict(zip((*inputs, *self._values), arguments))
            raise refusal(self.name, error, given, keywords.get("out"), None) from error

    def _signature(self, function: np.ufunc, dtype: Any) -> tuple[Any, ...]:
        """Return the types of a loop that computes in a dtype and keeps its parameters in float64."""
        inputs = function.nin - len(self._values)
        return (dtype,) * inputs + (np.float64,) * len(self._values) + (dtype,) * function.nout

    def _all_arguments(self, keywords: dict[str, Any]) -> tuple[Any, ...]:
        """Take the parameters out of the keywords; return all parameters, in their order, as the ufunc takes them."""
        given = {name: keywords.pop(name) for name in [*keywords] if name not in UFUNC_KEYWORDS}
        for name, value in given.items():
            given[name] = _as_argument(self._checked(name, value))
        if not given and self._complete:
            return self._arguments
        arguments = tuple(given.get(name, default) for name, default in zip(self._values, self._arguments))
        for name, argument in zip(self._values, arguments):
            if argument is None:
                raise self._missing(name)
        return arguments


def _as_floats(library: find.Library, value: Any, x: Any) -> Any:
    """Return a parameter as a float or an array of floats of a library."""
    return float(value) if isinstance(value, (int, float)) else library.as_float(library.array(value, x))


def _as_argument(value: Any) -> Any:
    # As float64, a Python number keeps all its digits beside a float32 array.
    return np.float64(value) if isinstance(value, (int, float)) else value


def sum_to_shape(product: Any, parameter: Any) -> Any:
    """Sum the axes along which a parameter was broadcast, in float64; the result has the parameter's type if that is a float."""
    product = product if hasattr(product, "reshape") else np.asarray(product)
    shape = np.shape(parameter)
    own = parameter.dtype if hasattr(parameter, "dtype") and not isinstance(parameter, np.generic) else None
    target = own if own is not None and own.name in KEPT else product.dtype
    extra = tuple(range(product.ndim - len(shape)))
    ones = tuple(i + len(extra) for i, length in enumerate(shape) if length == 1 and product.shape[i + len(extra)] != 1)
    with np.errstate(all="ignore"):
        wide = product.astype(np.float64)
        if extra or ones:
            wide = np.sum(wide, axis=extra + ones, keepdims=True).reshape(shape)
        return wide.astype(target)[()]
