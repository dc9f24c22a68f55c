"""Assertions for test suites: a callable is accurate, a gradient is the derivative."""

from __future__ import annotations

from typing import Any

from actfn.accuracy.check import check
from actfn.accuracy.report import Report


def assert_accurate(function: Any, reference: str, *, max_ulp: float = 4.0, **options: Any) -> None:
    """Fail unless a callable is within a bound of the exact function; the message has the worst x.

    Parameters
    ----------
    function, reference, max_ulp, **options
        As for :func:`actfn.check`.

    Raises
    ------
    AssertionError
        If an error is above the bound, or another fault was met.

    Examples
    --------
    >>> import actfn
    >>> actfn.testing.assert_accurate(actfn.mish, "mish", max_ulp=1, dtype="float16")
    """
    _assert_ok(check(function, reference, max_ulp=max_ulp, **options))


def assert_gradient(function: Any, gradient: Any, reference: str, *, max_ulp: float = 4.0, **options: Any) -> None:
    """Fail unless a NumPy function and its gradient are both within a bound; at a kink any slope between the sides will do.

    Examples
    --------
    >>> import actfn
    >>> actfn.testing.assert_gradient(actfn.relu, actfn.relu.gradient, "relu", dtype="float16")
    """
    _assert_ok(check(function, reference, max_ulp=max_ulp, **options))
    _assert_ok(check(gradient, reference, order=1, max_ulp=max_ulp, **options))


def _assert_ok(report: Report) -> None:
    __tracebackhide__ = True
    if not report.ok:
        raise AssertionError(report.sentence())
