"""What an activation function says of itself: facts, formulas, guides and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from actfn.functions.declare import Declaration, Interval, Kink, Parameter

if TYPE_CHECKING:
    import sympy

    from actfn.activation import Activation
    from actfn.derivation import Derivation
    from actfn.properties import Properties

LANGUAGES = ("en", "zh")


class Explained:
    """A declaration with values for its parameters, and all that can be told of it without calling it."""

    __slots__ = ("__weakref__", "_declaration", "_values", "name")

    name: str
    _declaration: Declaration
    _values: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """``"elementwise"``, ``"simplex"``, ``"grouped"``, ``"gated"``, ``"channelwise"``, ``"expansion"``, ``"stochastic"``, ..."""
        return self._declaration.kind

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of the same function."""
        return self._declaration.aliases

    @property
    def summary(self) -> str:
        """One sentence that says what the function is."""
        return self._declaration.summary

    @property
    def tags(self) -> frozenset[str]:
        """What kind of function it is: ``bounded``, ``monotone``, ``smooth``, ``gated``, ..."""
        return self._declaration.tags

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters, with the defaults of this instance."""
        own = self._declaration.parameters
        return MappingProxyType({name: own[name]._replace(default=value) for name, value in self._values.items()})

    @property
    def papers(self) -> tuple[str, ...]:
        """Where the function comes from."""
        return self._declaration.papers

    @property
    def frameworks(self: Any) -> Mapping[str, str]:
        """How the function is spelt in each framework that has it, with the defaults there and what else differs.

        Examples
        --------
        >>> import actfn
        >>> actfn.leaky_relu.frameworks["TensorFlow"]
        'tensorflow.nn.leaky_relu(features, alpha=0.2)'
        """
        from actfn.frameworks import texts

        return texts(self)

    @property
    def range(self) -> Interval:
        """The interval of the values for finite input."""
        return self._declaration.range(**self._scalars())

    @property
    def kinks(self) -> tuple[Kink, ...]:
        """Where the first derivative jumps, with the one-sided slopes and the one that ``derivative`` returns."""
        return self._declaration.kinks(**self._scalars())

    @property
    def inverse(self) -> Activation | None:
        """The inverse function, or None if there is none, or a parameter that it depends on is not given."""
        if any(value is None for value in self._values.values()):
            return None
        from actfn.activation import get

        found = self._declaration.inverse(**self._scalars())
        return None if found is None else get(found[0]).with_parameters(**found[1])

    @property
    def formula(self) -> str:
        """The formula as text.

        Examples
        --------
        >>> import actfn
        >>> actfn.mish.formula
        'x * tanh(log(1 + exp(x)))'
        """
        from actfn import formula

        return formula.text(self._declaration)

    def latex(self, order: int = 0, by: str | None = None) -> str:
        """Return the formula (order 0) or a derivative of it as LaTeX; needs SymPy.

        The derivative is by the first input, or by another input or a parameter: ``actfn.glu.latex(1, by="up")``.

        Examples
        --------
        >>> import actfn
        >>> actfn.softsign.latex()
        '\\\\frac{x}{\\\\left|{x}\\\\right| + 1}'
        """
        from actfn import formula

        return formula.latex(self._declaration, order, by)

    def sympy(self, order: int = 0, by: str | None = None) -> sympy.Expr:
        """Return the formula (order 0) or a derivative of it, by the first input or another name, as a SymPy expression.

        Examples
        --------
        >>> import actfn
        >>> actfn.sigmoid.sympy()
        1/(1 + exp(-x))
        """
        from actfn import formula

        return formula.expression(self._declaration, order, by=by)

    def derivation(self, order: int = 1, by: str | None = None, lang: str = "en") -> Derivation:
        """Return the way from the formula to its derivative, step by step; needs SymPy.

        Parameters
        ----------
        order : {1, 2}
        by : str, optional
            The parameter to differentiate by; the input by default.
        lang : {"en", "zh"}
            The language of the reasons.

        Raises
        ------
        ValueError
            If the order, the parameter or the language is unknown, or no rule covers a part of the formula.

        Examples
        --------
        >>> import actfn
        >>> actfn.gelu.derivation().result
        x*phi(x) + Phi(x)
        >>> actfn.softplus.derivation(by="beta", lang="zh").steps[0].reason["zh"]
        '商的求导法则：(u/v)′ = (u′ v − u v′)/v²'
        """
        from actfn.derivation import derive

        return derive(self._declaration, order, by, lang)

    def guide(self, language: str = "en") -> str:
        """Return the guide in Markdown: what the function is for, strengths, weaknesses, gradients, when to use it.

        Parameters
        ----------
        language : {"en", "zh"}

        Raises
        ------
        ValueError
            If the language is unknown, or the function has no guide.
        """
        if language not in LANGUAGES:
            raise ValueError(f"there is no guide in language {language!r}; there are {' and '.join(LANGUAGES)}")
        from pathlib import Path

        path = Path(__file__).parent / "guides" / language / f"{self.name}.md"
        if not path.is_file():
            raise ValueError(f"{self.name} has no guide")
        return path.read_text(encoding="utf-8")

    def plot(self: Any, **options: Any) -> Any:
        """Draw value and derivatives with matplotlib; return the Axes. See :func:`actfn.plot.plot` for the options."""
        try:
            from actfn.plot import plot
        except ModuleNotFoundError as error:
            message = f'{self.name}.plot() needs matplotlib: pip install "actfn[plot]"'
            raise ModuleNotFoundError(message, name=error.name) from None
        return plot(self, **options)

    def properties(self: Any) -> Properties:
        """Return the properties of the curve, computed from the formula, each with how it was found; needs SymPy.

        Range, limits, asymptotes, monotonicity, parity, convexity, smoothness, zeros, extrema, inflections, fixed points,
        Lipschitz constants, saturation, moments and gains for a normal input, and the cost: see
        :class:`actfn.properties.Properties`.

        Raises
        ------
        TypeError
            If the function is not elementwise, or a parameter must be given and is not.
        ValueError
            If a parameter is an array.

        Examples
        --------
        >>> import actfn
        >>> actfn.silu.properties().lipschitz.value
        Bound(value=1.099839320128867, at=(2.3993572805154675,), attained=True)
        >>> actfn.elu.with_parameters(alpha=0.5).properties().smoothness.value
        'C^0'
        """
        try:
            from actfn.properties.compute import compute
        except ModuleNotFoundError as error:
            message = f'{self.name}.properties() needs SymPy: pip install "actfn[formula]"'
            raise ModuleNotFoundError(message, name=error.name) from None
        return compute(self)

    def _scalars(self) -> dict[str, Any]:
        """Return the parameters as plain numbers; one that must be given and is not has its example's value."""
        scalars: dict[str, Any] = {}
        for name, value in self._values.items():
            shown: Any = self._declaration.parameters[name].example if value is None else value
            if np.ndim(shown) > 0:
                raise ValueError(
                    f"{self!r}: this is known for one number as {name} only, not for an array of shape {np.shape(shown)}"
                )
            scalars[name] = shown if isinstance(shown, str) else float(shown)
        return scalars
