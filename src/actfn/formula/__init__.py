"""The formula lens: what is true. The declared formula as text, as a SymPy expression, and evaluated to any precision."""

from actfn.formula.exact import MPMATH, evaluate
from actfn.formula.symbolic import (
    ExactNamespace,
    SymPyNamespace,
    conditions,
    expression,
    kept_erfc,
    slopes,
    symbols,
    sympy_module,
)
from actfn.formula.typeset import is_positive, latex, readable
from actfn.formula.written import has_threshold, text

__all__ = [
    "MPMATH",
    "ExactNamespace",
    "SymPyNamespace",
    "conditions",
    "evaluate",
    "expression",
    "has_threshold",
    "is_positive",
    "kept_erfc",
    "latex",
    "readable",
    "slopes",
    "symbols",
    "sympy_module",
    "text",
]
