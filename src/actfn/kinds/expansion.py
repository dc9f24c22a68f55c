"""Activations of one number that are sums over learnt coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from actfn import blocks
from actfn.activation import Activation
from actfn.arrays import NarrowVocabulary, NumPyVocabulary, Pair
from actfn.inputs import KEPT, broadcasts, cotangent, floats, shape_of, wide, writable
from actfn.kinds.elementwise import Elementwise, sum_to_shape
from actfn.libraries.find import Library, find, is_foreign
from actfn.libraries.terms import with_terms


class Expansion(Activation):
    """A function from x to y with arrays of coefficients.

    The last axis of a coefficients' array counts the terms, and those before it broadcast against x: shape ``(terms,)`` for one
    function, ``(channels, terms)`` for one a channel on the last axis of x. A number is one term. Everything is computed in float64
    and rounded once; in float64 sums are kept to twice the precision.
    """

    __slots__ = ()

    def __call__(self, x: Any, /, out: Any = None, **coefficients: Any) -> Any:
        """Return f(x).

        Parameters
        ----------
        x : array_like
            Any shape, any real dtype.
        out : ndarray, optional
        **coefficients
            The function's parameters.

        Raises
        ------
        TypeError
            If a parameter is unknown or missing, or the dtype is complex, object or a string.
        ValueError
            If the coefficients do not fit x or one another.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.slaf(np.array([0.0, 1.0, 2.0]), coefficients=[1.0, 0.0, 1.0])
        array([1., 2., 5.])
        """
        return self._evaluated("value", x, out, coefficients)

    def derivative(self, x: Any, /, order: int = 1, out: Any = None, **coefficients: Any) -> Any:
        """Return the derivative of order 0, 1 or 2 at x.

        Examples
        --------
        >>> import actfn
        >>> float(actfn.slaf.derivative(3.0, coefficients=[1.0, 0.0, 1.0]))
        6.0
        """
        if order not in (0, 1, 2) or not isinstance(order, int):
            raise ValueError(f"{self.name}: order must be 0, 1 or 2, got {order!r}")
        return self._evaluated(("value", "first", "second")[order], x, out, coefficients)

    def gradient(self, x: Any, /, **coefficients: Any) -> Any:
        """Return the first derivative at x."""
        return self.derivative(x, **coefficients)

    def value_and_derivative(self, x: Any, /, **coefficients: Any) -> tuple[Any, Any]:
        """Return f(x) and f'(x)."""
        return self(x, **coefficients), self.gradient(x, **coefficients)

    def vjp(self, x: Any, g: Any, /, out: Any = None, **coefficients: Any) -> Any:
        """Return g f'(x); g has the shape of x, or is a number.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.apl.vjp(np.array([-1.0, 2.0]), np.array([10.0, 10.0]), a=[0.5], b=[0.0])
        array([-5., 10.])
        """
        return self._evaluated("first", x, out, coefficients, g)

    def parameter_vjp(self, x: Any, g: Any, /, **coefficients: Any) -> dict[str, Any]:
        """Return, for each array of coefficients, the gradient of sum(g f(x)) in its own shape.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.slaf.parameter_vjp(np.array([1.0, 2.0]), np.ones(2), coefficients=[0.0, 0.0, 0.0])
        {'coefficients': array([2., 3., 5.])}
        """
        given = self._given(coefficients)
        if find(x, g, *given.values()) is not None:
            raise TypeError(f"{self.name}.parameter_vjp takes NumPy arrays: other libraries differentiate the value")
        x = floats(self.name, x)
        g = cotangent(self.name, g, x.shape, x)
        terms = self._terms(given, x.shape)
        found = {}
        with np.errstate(all="ignore"):
            at, factor = wide(x), wide(g)
            vocabulary = NumPyVocabulary() if x.dtype == np.float64 else NarrowVocabulary()
            for name, value in given.items():
                partials = self._declaration.kernels[f"partial_{name}"](vocabulary, at, *terms.values())
                shape = np.shape(value)
                sums = [sum_to_shape(factor * partial, np.zeros(shape[:-1])) for partial in partials]
                own = value.dtype if isinstance(value, np.ndarray) and value.dtype.name in KEPT else x.dtype
                found[name] = blocks.narrowed(np.stack(sums, axis=-1) if shape else sums[0], own)[()]
        return found

    def _scalars(self) -> dict[str, Any]:
        """Return the coefficients as tuples; those that must be given have their examples' values."""
        own = self._declaration.parameters
        found = {}
        for name, value in self._values.items():
            array = np.asarray(own[name].example if value is None else value, np.float64)
            if array.ndim > 1:
                raise ValueError(
                    f"{self!r}: this is known for one function only, not for {name} of shape {array.shape}"
                )
            found[name] = tuple(array.ravel().tolist())
        return found

    def _given(self, coefficients: Mapping[str, Any]) -> dict[str, Any]:
        """Return all coefficients, checked; lists are arrays."""
        values = super()._given(coefficients)
        counts = {name: shape_of(value)[-1:] or (1,) for name, value in values.items()}
        if len(set(counts.values())) > 1:
            listed = " and ".join(f"{count} as {name}" for name, (count,) in counts.items())
            raise ValueError(f"{self.name}: the numbers of terms must agree, got {listed}")
        if 0 in next(iter(counts.values())):
            raise ValueError(f"{self.name} needs one term at least, got none as {next(iter(counts))}")
        return values

    def _terms(self, given: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, list[Any]]:
        """Return each coefficient by itself, as a number or as an array that broadcasts to x."""
        found: dict[str, list[Any]] = {}
        for name, value in given.items():
            own = shape_of(value)
            if not broadcasts(own[:-1], shape):
                raise ValueError(
                    f"{self.name}: {name} of shape {own} does not fit x of shape {shape}: its last axis counts the "
                    "terms, and those before it broadcast to x"
                )
            if not is_foreign(value):
                value = np.asarray(value, np.float64)
            found[name] = [value[..., k] for k in range(own[-1])] if own else [value]
        return found

    def _evaluated(self, kernel: str, x: Any, out: Any, coefficients: Mapping[str, Any], *g: Any) -> Any:
        """Return a kernel's result, times g where that is given."""
        given = self._given(coefficients)
        if (library := find(x, *g, *given.values())) is not None:
            if out is not None:
                raise TypeError(f"{self.name} takes out= with NumPy arrays only")
            return self._foreign(library, kernel, x, given, *g)
        x = floats(self.name, x)
        factors = [cotangent(self.name, one, x.shape, x) for one in g]
        terms = self._terms(given, x.shape)
        with np.errstate(all="ignore"):
            vocabulary = NumPyVocabulary() if x.dtype == np.float64 else NarrowVocabulary()
            result = self._declaration.kernels[kernel](vocabulary, wide(x), *terms.values())
            result = result.high + result.low if isinstance(result, Pair) else result
            for factor in factors:
                result = wide(factor) * result
            narrow = blocks.narrowed(np.broadcast_to(result, x.shape), np.result_type(x, *factors))
            if out is None:
                return narrow[()]
            np.copyto(writable(self.name, out, x.shape), narrow, casting="same_kind")
        return out

    def _foreign(self, library: Library, kernel: str, x: Any, given: Mapping[str, Any], *g: Any) -> Any:
        """Return a kernel in another library; PyTorch and JAX differentiate it, by the coefficients too."""
        like = next(array for array in (x, *g, *given.values()) if is_foreign(array))
        x = library.array(x, like)
        terms = self._terms(given, tuple(x.shape)).values()
        function = Elementwise(with_terms(self.name, len(next(iter(terms)))), name=self.name)
        numbers = (one if is_foreign(one) or np.ndim(one) else float(one) for one in chain(*terms))
        coefficients = dict(zip(function.parameters, numbers, strict=True))
        return function._in_library(library, (kernel,), x, coefficients, *g)[0]
