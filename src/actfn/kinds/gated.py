"""Activations of two inputs: a gate, and what it lets through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actfn import _core, blocks
from actfn.activation import Activation
from actfn.factors import Factor, multiply
from actfn.functions.declare import Declaration
from actfn.inputs import axis_of, broadcasts, cotangent, floats, shape_of, writable
from actfn.kinds.elementwise import Elementwise, sum_to_shape
from actfn.libraries.find import Library, find, is_foreign


class Gated(Activation):
    """The product of a function of the gate and a function of what passes it.

    Give two arrays, the gate first, or one that holds both along an axis; ``layout`` then tells which part is the gate, since
    frameworks disagree. Factors are computed in float64 and the product is rounded once; nothing as large as the arrays is made but
    the result.
    In float64 the value is within 2 ULP where the factors are normal numbers: a subnormal one has lost digits already.
    """

    __slots__ = ()

    def __call__(self, x: Any, up: Any = None, /, *, axis: int = -1, out: Any = None, **parameters: Any) -> Any:
        """Return the function's value.

        Parameters
        ----------
        x : array_like
            The gate, or gate and up along one axis of even length.
        up : array_like, optional
            What passes the gate, of the same shape.
        axis : int
            Where one array is divided.
        out : ndarray, optional
        **parameters
            The function's parameters; for one array also its ``layout``: "gate_up" and "up_gate" tell the order of the halves,
            "interleaved" means the gate at even places and up at odd ones.

        Returns
        -------
        ndarray or scalar
            The shape of the gate: with one array, half of its axis.

        Raises
        ------
        TypeError
            If a dtype is complex, object or a string, or a parameter is unknown or missing.
        ValueError
            If the length of the axis is odd, or shapes differ.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.reglu(np.array([-1.0, 2.0]), np.array([10.0, 10.0]))
        array([ 0., 20.])
        >>> actfn.reglu(np.array([10.0, 10.0, -1.0, 2.0]), layout="up_gate")
        array([ 0., 20.])
        """
        values = self._given(parameters)
        if (library := find(x, up, *values.values())) is not None:
            from actfn.libraries.gated import value

            if out is not None:
                raise TypeError(f"{self.name} takes out= with NumPy arrays only")
            if library.name == "torch":
                from actfn.libraries import torch_gated

                return torch_gated.value(self, x, up, axis, values)
            return value(library, self._parts, *self._foreign(library, x, up, axis, values), values)
        if out is None and _is_duck(x if up is None else up):
            gate, up = self._divided((x,) if up is None else (x, up), axis, values)
            opening, passing = self._parts
            return Elementwise(opening)(gate, **_own(opening, values)) * Elementwise(passing)(
                up, **_own(passing, values)
            )
        gate, up = self._divided(self._arrays(x, up), axis, values)
        arrays, numbers = self._sorted(values, gate.shape)
        target = np.empty(gate.shape, np.result_type(gate, up)) if out is None else writable(self.name, out, gate.shape)
        if all(array.dtype == np.float32 for array in (gate, up, target)):
            self._compiled("", (gate, up), values, (target,))
            return target[()] if out is None else out
        opens, passes = (Factor(part, target.dtype) for part in self._parts)

        def work(gate: Any, up: Any, *rest: Any) -> None:
            *held, result, spare = rest
            given = {**numbers, **dict(zip(arrays, held))}
            np.multiply(opens.value(gate, given, result), passes.value(up, given, spare), out=result)

        blocks.run(work, (gate, up, *arrays.values()), (target,), spare=1)
        return target[()] if out is None else out

    def vjp(self, x: Any, /, *up_and_g: Any, axis: int = -1, **parameters: Any) -> Any:
        """Return the gradients of sum(g f) by gate and by up, in one array if x holds both.

        Call it as ``vjp(gate, up, g)`` or as ``vjp(x, g)``.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.bilinear.vjp(np.array([2.0]), np.array([3.0]), np.array([1.0]))
        (array([3.]), array([2.]))
        >>> actfn.bilinear.vjp(np.array([2.0, 3.0]), np.array([1.0]))
        array([3., 2.])
        """
        up, g = self._up_and_g(up_and_g)
        values = self._given(parameters)
        if (library := find(x, up, g, *values.values())) is not None:
            return self._foreign_vjp(library, x, up, g, axis, values)
        gate, other = self._divided(self._arrays(x, up), axis, values)
        arrays, numbers = self._sorted(values, gate.shape)
        g = cotangent(self.name, g, gate.shape, gate)
        dtype = np.result_type(gate, other, g)
        whole = np.empty(np.shape(x), dtype) if up is None else None
        targets = _empty(gate.shape, dtype) if whole is None else self._divided((whole,), axis, values)
        if all(array.dtype == np.float32 for array in (gate, other, g)):
            self._compiled("_vjp", (gate, other, g), values, targets)
            return (targets[0][()], targets[1][()]) if whole is None else whole
        opens, passes = (Factor(part, dtype) for part in self._parts)
        exact = dtype == np.float64

        def work(gate: Any, up: Any, g: Any, *rest: Any) -> None:
            *held, by_gate, by_up, a, slope_a, b, slope_b = rest
            given = {**numbers, **dict(zip(arrays, held))}
            a, slope_a = opens.value_and_slope(gate, given, a, slope_a)
            b, slope_b = passes.value_and_slope(up, given, b, slope_b)
            multiply(slope_a, b, g, by_gate, exact)
            multiply(slope_b, a, g, by_up, exact)

        blocks.run(work, (gate, other, g, *arrays.values()), targets, spare=4)
        return (targets[0][()], targets[1][()]) if whole is None else whole

    def parameter_vjp(self, x: Any, /, *up_and_g: Any, axis: int = -1, **parameters: Any) -> dict[str, Any]:
        """Return, for each numeric parameter, the gradient of sum(g f) in the parameter's own shape.

        Raises
        ------
        TypeError
            If the function has no numeric parameter, or an array is another library's.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> found = actfn.swiglu.parameter_vjp(np.array([1.0]), np.array([2.0]), np.array([1.0]))
        >>> round(float(found["beta"]), 6)
        0.393224
        """
        up, g = self._up_and_g(up_and_g)
        values = self._given(parameters)
        numeric = {name: value for name, value in values.items() if name != "layout"}
        if not numeric:
            raise TypeError(f"{self.name} has no parameters that a gradient could be taken by")
        if find(x, up, g, *values.values()) is not None:
            raise TypeError(f"{self.name}.parameter_vjp takes NumPy arrays: other libraries differentiate the value")
        gate, up = self._divided(self._arrays(x, up), axis, values)
        self._sorted(values, gate.shape)
        g = np.asarray(cotangent(self.name, g, gate.shape, gate), np.float64)
        found = dict.fromkeys(numeric, np.float64(0.0))
        with np.errstate(all="ignore"):
            for mine, own, other, beside in ((0, gate, 1, up), (1, up, 0, gate)):
                part, rest = self._parts[mine], self._parts[other]
                through = g * Elementwise(rest)(np.asarray(beside, np.float64), **_own(rest, values))
                for name, partial in (
                    Elementwise(part).partials(np.asarray(own, np.float64), _own(part, values)).items()
                ):
                    found[name] = found[name] + partial * through
        dtype = np.result_type(gate, up)
        sums = {name: sum_to_shape(found[name], value) for name, value in numeric.items()}
        # A number has no dtype of its own.
        return {
            name: blocks.narrowed(one, dtype)[()] if np.ndim(numeric[name]) == 0 else one for name, one in sums.items()
        }

    def _why_no(self, member: str) -> str:
        return (
            f"{self.name} has two inputs and so no {member} of one number: "
            f"{self.name}.vjp(gate, up, g) gives the gradients by both"
        )

    @property
    def _parts(self) -> tuple[Declaration, Declaration]:
        return self._declaration.parts["gate"], self._declaration.parts["up"]

    def _compiled(self, suffix: str, inputs: tuple[Any, ...], values: Mapping[str, Any], out: tuple[Any, ...]) -> None:
        """Call the compiled loop over float32 numbers, which makes no array on the way."""
        ufunc = _core.gates[self.name + suffix]
        parameters = [np.asarray(values[name], np.float64) for name in values if name != "layout"]
        blocks.in_parts(lambda given, out: ufunc(*given, out=tuple(out)), (*inputs, *parameters), out)

    def _up_and_g(self, given: tuple[Any, ...]) -> tuple[Any, Any]:
        if len(given) == 2:
            return given
        if len(given) == 1:
            return None, given[0]
        raise TypeError(f"{self.name}: give gate, up and g, or x and g where x holds both; got {1 + len(given)} arrays")

    def _arrays(self, x: Any, up: Any) -> tuple[Any, ...]:
        """Return what is given as arrays of floats."""
        return tuple(floats(self.name, array) for array in ((x,) if up is None else (x, up)))

    def _divided(self, given: tuple[Any, ...], axis: int, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return gate and up: the two arrays that are given, or views of the one."""
        shape = tuple(given[0].shape)
        if len(given) == 2:
            if shape != tuple(given[1].shape):
                raise ValueError(
                    f"{self.name}: gate and up must have one shape, got {shape} and {tuple(given[1].shape)}"
                )
            return given[0], given[1]
        place = axis_of(self.name, axis, shape, "that could hold gate and up")
        if shape[place] % 2:
            raise ValueError(
                f"{self.name}: axis {axis} has length {shape[place]}, which is odd: it cannot hold gate and up"
            )
        before, half, layout = (slice(None),) * place, shape[place] // 2, values["layout"]
        interleaved = layout == "interleaved"
        first = slice(None, None, 2) if interleaved else slice(None, half)
        second = slice(1, None, 2) if interleaved else slice(half, None)
        parts = given[0][(*before, first, ...)], given[0][(*before, second, ...)]
        return parts[::-1] if layout == "up_gate" else parts

    def _sorted(self, values: Mapping[str, Any], shape: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the parameters that are arrays, and those that are numbers."""
        arrays: dict[str, Any] = {}
        numbers: dict[str, Any] = {}
        for name, value in values.items():
            if name != "layout":
                self._refuse_shape(name, value, shape)
                (arrays if np.ndim(value) else numbers)[name] = (
                    np.asarray(value) if np.ndim(value) else np.float64(value)
                )
        return arrays, numbers

    def _refuse_shape(self, name: str, value: Any, whole: tuple[int, ...]) -> None:
        """Raise ValueError unless a parameter broadcasts to the gate's shape."""
        shape = shape_of(value)
        if not broadcasts(shape, whole):
            raise ValueError(f"{self.name}: {name} of shape {shape} does not broadcast to the gate's shape {whole}")

    def _foreign(self, library: Library, x: Any, up: Any, axis: int, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return gate and up as arrays of floats of another library, and of one dtype."""
        like = next(array for array in (x, up, *values.values()) if is_foreign(array))
        arrays = (x,) if up is None else (x, up)
        given = tuple(floats(self.name, library.array(array, like), library) for array in arrays)
        gate, up = self._divided(given, axis, values)
        for name, value in values.items():
            if name != "layout":
                self._refuse_shape(name, value, tuple(gate.shape))
        if gate.dtype != up.dtype:
            dtype = library.xp.result_type(gate, up)
            gate, up = library.astype(gate, dtype), library.astype(up, dtype)
        return gate, up

    def _foreign_vjp(self, library: Library, x: Any, up: Any, g: Any, axis: int, values: Mapping[str, Any]) -> Any:
        from actfn.libraries.gated import joined, vjp

        gate, other = self._foreign(library, x, up, axis, values)
        g = cotangent(self.name, g, tuple(gate.shape), gate, library)
        found = vjp(library, self._parts, gate, other, g, values)
        return found if up is not None else joined(library, *found, axis % gate.ndim, values["layout"])


def _own(part: Declaration, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in part.parameters}


def _empty(shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
    return np.empty(shape, dtype), np.empty(shape, dtype)


def _is_duck(x: Any) -> bool:
    """Tell whether ufuncs leave it to an array how they work on it, as dask's arrays and xarray's do."""
    return hasattr(x, "__array_ufunc__") and not isinstance(x, (np.ndarray, np.generic))
