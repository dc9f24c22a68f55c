"""Activations that noise is drawn for: the value and the gradient are functions of the input and of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actfn import blocks
from actfn.activation import Activation
from actfn.inputs import as_array, axis_of, cotangent, floats, shape_of, wide
from actfn.kinds.elementwise import Elementwise
from actfn.kinds.simplex import Simplex
from actfn.libraries.draw import draw
from actfn.libraries.find import Library, find, quiet


class Stochastic(Activation):
    """A function with noise in training, and without in evaluation.

    Nothing is drawn behind your back: ``sample(x, rng)`` draws the noise, and the value and the gradient take it. Giving ``rng`` to
    the function itself draws and uses it at once, which is enough where no gradient is needed. Without either the function is that
    of evaluation; so it is with ``training=False``, whatever else is given.
    """

    __slots__ = ()

    def sample(self, x: Any, rng: Any, **parameters: Any) -> Any:
        """Return noise for x, of its shape and dtype.

        Parameters
        ----------
        x : array_like
        rng : numpy.random.Generator
            For PyTorch also a ``torch.Generator``, for JAX a key. The same state gives the same noise.
        **parameters
            The function's parameters.

        Raises
        ------
        TypeError
            If ``rng`` is no generator.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> slopes = actfn.rrelu.sample(np.zeros(1000), np.random.default_rng(0))
        >>> bool(slopes.min() >= 1 / 8), bool(slopes.max() <= 1 / 3), slopes.shape
        (True, True, (1000,))
        """
        members, values, library = self._declaration.members, self._given(parameters), find(x)
        x = floats(self.name, x, library)
        try:
            return draw(members["noise"], rng, x, library, members["bounds"](**values))
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None

    def __call__(
        self, x: Any, /, *, rng: Any = None, sample: Any = None, training: bool | None = None, **keywords: Any
    ) -> Any:
        """Return the function's value.

        Parameters
        ----------
        x : array_like
        rng : numpy.random.Generator, optional
            Where noise is drawn from; for PyTorch also a ``torch.Generator``, for JAX a key.
        sample : array_like, optional
            Noise drawn before, of x's shape.
        training : bool, optional
            Whether there is noise; by default, if ``rng`` or ``sample`` is given.
        **keywords
            The function's parameters, and ``out`` as for any ufunc.

        Raises
        ------
        TypeError
            If there is no ``rng`` in training, or both ``rng`` and ``sample`` are given.
        ValueError
            If a parameter is outside its domain, or the sample has another shape than x.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> float(actfn.rrelu(-48.0)), float(actfn.rrelu(-48.0, sample=0.25))
        (-11.0, -12.0)
        """
        function, own, keywords = self._settled(x, rng, sample, training, keywords)
        return function(x, **own, **keywords)

    def vjp(self, x: Any, g: Any, /, *, sample: Any = None, training: bool | None = None, **keywords: Any) -> Any:
        """Return the gradient of sum(g f(x)) by x for a sample, or that of evaluation without one.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.rrelu.vjp(np.array([-1.0, 1.0]), np.array([8.0, 8.0]), sample=np.array([0.25, 0.25]))
        array([2., 8.])
        """
        function, own, keywords = self._settled(x, None, sample, training, keywords)
        return function.vjp(x, g, **own, **keywords)

    def parameter_vjp(
        self, x: Any, g: Any, /, *, sample: Any = None, training: bool | None = None, **parameters: Any
    ) -> dict[str, Any]:
        """Return, for each parameter that is learnt, the gradient of sum(g f(x)) for a sample in the parameter's own shape."""
        function, own, _ = self._settled(x, None, sample, training, parameters)
        learnt = [name for name in self._values if name in own]
        if not learnt:
            raise TypeError(f"{self.name} has no parameters that a gradient could be taken by")
        found = function.parameter_vjp(x, g, **own)
        return {name: found[name] for name in learnt}

    def _why_no(self, member: str) -> str:
        return (
            f"{self.name} depends on noise, so no {member} of x alone: "
            f"{self.name}.vjp(x, g, sample={self.name}.sample(x, rng)) is the gradient for one sample"
        )

    def _given(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of all parameters, checked by themselves and beside one another."""
        values = super()._given(parameters)
        check = self._declaration.members.get("check")
        if check is not None:
            check(**values)
        return values

    def _noise(self, x: Any, rng: Any, sample: Any, training: bool | None, values: dict[str, Any]) -> Any:
        """Return the noise to use, or None for evaluation."""
        if training is not None and not isinstance(training, (bool, np.bool_)):
            raise TypeError(f"{self.name}: training must be True or False, got {training!r}")
        if rng is not None and sample is not None:
            raise TypeError(f"{self.name}: give rng or sample, not both")
        if training is None:
            training = rng is not None or sample is not None
        if not training:
            return None
        if rng is not None:
            return self.sample(x, rng, **values)
        if sample is None:
            raise TypeError(
                f"{self.name} needs noise in training: give rng=numpy.random.default_rng(0), or sample={self.name}.sample(x, rng)"
            )
        sample = floats(self.name, sample, find(sample))
        shape = shape_of(x if hasattr(x, "shape") else as_array(self.name, x))
        if shape_of(sample) != shape:
            raise ValueError(f"{self.name}: the sample must have the shape {shape} of x, got {shape_of(sample)}")
        return sample

    def _settled(
        self, x: Any, rng: Any, sample: Any, training: bool | None, keywords: dict[str, Any]
    ) -> tuple[Elementwise, dict[str, Any], dict[str, Any]]:
        """Return the elementwise function of x and the noise, its parameters, and what a ufunc is given beside them."""
        own = {name: value for name, value in keywords.items() if name not in ("out", "where")}
        if len(own) < len(keywords) and find(x, sample, *own.values()) is not None:
            raise TypeError(f"{self.name} takes out= and where= with NumPy arrays only")
        values = self._given(own)
        declaration = self._declaration
        function = Elementwise(declaration.parts["function"], name=self.name)
        noise = self._noise(x, rng, sample, training, values)
        entering = declaration.members["enters"]
        settled = {name: values[name] for name in function.parameters if name != entering}
        settled[entering] = declaration.members["expected"](**values) if noise is None else noise
        return function, settled, {name: value for name, value in keywords.items() if name not in own}


class StochasticRows(Stochastic):
    """The same for noise that enters a whole row: a softmax of x and the noise."""

    __slots__ = ()

    def __call__(
        self,
        x: Any,
        /,
        *,
        rng: Any = None,
        sample: Any = None,
        training: bool | None = None,
        axis: int = -1,
        hard: bool = False,
        **parameters: Any,
    ) -> Any:
        """Return softmax((x + noise) / tau) along an axis.

        Parameters
        ----------
        x : array_like
            Scores: logarithms of probabilities, up to a constant in each row.
        rng, sample, training
            As for every stochastic function; without noise it is the softmax of x / tau.
        axis : int
        hard : bool
            Whether the largest entry of each row, the first of equals, becomes 1 and the others 0. The gradient stays that of the
            softmax: the straight-through estimator.
        **parameters
            The function's parameters.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.gumbel_softmax(np.zeros(3), rng=np.random.default_rng(0), hard=True)
        array([0., 0., 1.])
        """
        if not isinstance(hard, (bool, np.bool_)):
            raise TypeError(f"{self.name}: hard must be True or False, got {hard!r}")
        library, x, scores, _ = self._scores(x, axis, rng, sample, training, parameters)
        y = Simplex(self._declaration.parts["rows"])(scores, axis=axis)
        if hard:
            # The difference is 0, and only its derivative is not.
            y = _one_hot(y, axis) if library is None else library.one_hot(y, axis) + (y - library.detached(y))
        return blocks.narrowed(y, x.dtype, library)

    def vjp(
        self,
        x: Any,
        g: Any,
        /,
        *,
        sample: Any = None,
        training: bool | None = None,
        axis: int = -1,
        **parameters: Any,
    ) -> Any:
        """Return the gradient of sum(g f(x)) by x for a sample, whether the value was hard or not.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.gumbel_softmax.vjp(np.zeros(2), np.array([1.0, 0.0]), sample=np.zeros(2), tau=0.5)
        array([ 0.5, -0.5])
        """
        library, x, scores, tau = self._scores(x, axis, None, sample, training, parameters)
        g = cotangent(self.name, g, tuple(x.shape), x, library)
        dtype = np.result_type(x, g) if library is None else x.dtype
        found = Simplex(self._declaration.parts["rows"]).vjp(scores, wide(g, library), axis=axis) / tau
        return blocks.narrowed(found, dtype, library)

    def parameter_vjp(self, x: Any, g: Any, /, **parameters: Any) -> dict[str, Any]:
        """Raise TypeError: tau is chosen, not learnt."""
        raise TypeError(f"{self.name} has no parameters that a gradient could be taken by")

    def _scores(
        self, x: Any, axis: int, rng: Any, sample: Any, training: bool | None, parameters: dict[str, Any]
    ) -> tuple[Library | None, Any, Any, float]:
        """Return the library of x, x as an array of floats, (x + noise) / tau in float64 where there is one, and tau."""
        values, library = self._given(parameters), find(x)
        x = floats(self.name, x, library)
        axis_of(self.name, axis, tuple(x.shape), "of rows")
        noise = self._noise(x, rng, sample, training, values)
        tau, scores = values["tau"], wide(x, library)
        if not isinstance(tau, (int, float)):
            if np.ndim(tau):
                raise ValueError(f"{self.name}: tau is one number, got an array of shape {np.shape(tau)}")
            tau = float(tau)
        with quiet(library):
            if noise is not None:
                scores = scores + wide(noise if library is None else library.array(noise, x), library)
            return library, x, scores / tau, tau


def _one_hot(y: Any, axis: int) -> Any:
    result = np.zeros_like(y)
    if y.size:
        np.put_along_axis(result, np.expand_dims(np.argmax(y, axis=axis), axis), 1.0, axis=axis)
    # NaN makes its own row NaN.
    return np.where(np.isnan(y), y, result)
