"""The activation lens: what is called. An Activation is a declaration together with values for its parameters."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from actfn import _core, catalogue
from actfn.functions import declare
from actfn.functions.declare import Declaration, Interval, Kink, Parameter
from actfn.inputs import is_real
from actfn.libraries.find import is_foreign

if TYPE_CHECKING:
    import sympy

    from actfn.derivation import Derivation
    from actfn.properties import Properties

LANGUAGES = ("en", "zh")

Function = Callable[..., Any]


class Activation:
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

    __slots__ = ("__weakref__", "_declaration", "_values", "name")

    name: str
    _declaration: Declaration
    _values: Mapping[str, Any]

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
            if value is not own[name].default
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
    def frameworks(self) -> Mapping[str, str]:
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

    def plot(self, **options: Any) -> Any:
        """Draw value and derivatives with matplotlib; return the Axes. See :func:`actfn.plot.plot` for the options."""
        try:
            from actfn.plot import plot
        except ModuleNotFoundError as error:
            message = f'{self.name}.plot() needs matplotlib: pip install "actfn[plot]"'
            raise ModuleNotFoundError(message, name=error.name) from None
        return plot(self, **options)

    def properties(self) -> Properties:
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

    def _checked(self, name: str, value: Any) -> Any:
        own = self._declaration.parameters
        if name not in own:
            import difflib

            close = difflib.get_close_matches(name, own, n=1)
            has = f"it has {', '.join(own)}" if own else "it has none"
            raise TypeError(f"{self.name} has no parameter {name!r}; {f'did you mean {close[0]!r}?' if close else has}")
        if is_foreign(value):
            return value  # its numbers may not be known yet, or be far away
        domain = own[name].domain
        if not isinstance(domain, Interval):
            if value not in domain:
                raise ValueError(f"{self.name}: {name} must be one of {', '.join(map(repr, domain))}, got {value!r}")
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            inside, kept = float(value) in domain, value
        else:
            array = np.asarray(value)
            if array.dtype.kind not in "iuf" and array.dtype.name != "bfloat16":
                raise TypeError(f"{self.name}: {name} must be a real number or an array of them, got {value!r}")
            above = array >= domain.low if domain.low_closed else array > domain.low
            below = array <= domain.high if domain.high_closed else array < domain.high
            inside = bool(np.all(above & below))
            kept = _frozen(value) if isinstance(value, (np.ndarray, list, tuple)) else value
        if not inside:
            raise ValueError(f"{self.name}: {name} must be in {domain}, got {value!r}")
        return kept

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

    def _unsupported(self, error: Exception, *inputs: Any) -> Exception:
        """Return a clearer error for a call that NumPy refused."""
        for x in inputs:
            try:
                dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
            except ValueError as ragged:
                return ValueError(f"{self.name}: {ragged}")
            if isinstance(error, TypeError) and not (isinstance(dtype, np.dtype) and is_real(dtype)):
                return TypeError(
                    f"{self.name} is not defined for dtype {dtype}; it takes arrays of float16, bfloat16, float32, float64, "
                    "integers and bool"
                )
        return (TypeError if isinstance(error, TypeError) else ValueError)(f"{self.name}: {error}")


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
