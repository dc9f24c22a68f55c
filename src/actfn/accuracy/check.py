"""The checker: any callable against an activation function, its derivative or its second derivative."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from actfn.accuracy import sample
from actfn.accuracy.formats import Array, Format, format_of
from actfn.accuracy.frameworks import caller, library_of
from actfn.accuracy.judge import Judge
from actfn.accuracy.report import Report
from actfn.accuracy.tally import Tally
from actfn.activation import Activation, get

# Points of each binade and sign: about 200,000 for float32, 30,000 for float64.
EACH = {"float32": 256, "float64": 4}


def check(
    function: Any,
    reference: str | Activation,
    *,
    order: int = 0,
    dtype: Any = "float32",
    max_ulp: float = 4.0,
    exhaustive: bool = False,
    library: str | None = None,
    namespace: Any = None,
    each: int | None = None,
    seed: int = 0,
    **parameters: Any,
) -> Report:
    """Compare a callable with the exact function, and report the errors in units in the last place.

    Parameters
    ----------
    function : callable
        Takes and returns an array of NumPy, torch, JAX or (with ``namespace``) any array-API library. For order 1 and 2 a callable
        of torch or JAX is differentiated by its library; one of NumPy must itself be the derivative.
    reference : str or Activation
        The function that it should be; ``"leaky_relu(negative_slope=0.2)"`` gives parameters.
    order : {0, 1, 2}
        Value, first or second derivative.
    dtype : {"float16", "bfloat16", "float32", "float64"}
        16-bit formats are checked on all 65,536 numbers, float32 and float64 on a stratified sample.
    max_ulp : float
        The bound that ``report.ok`` refers to.
    exhaustive : bool
        Check all 2^32 numbers of float32; see :func:`actfn.accuracy.sweep` for doing so on all cores.
    library : {"numpy", "torch", "jax", "array_api"}, optional
        Found out from the callable's module by default.
    namespace : module, optional
        The array-API namespace, for ``library="array_api"``.
    each : int, optional
        How many points of each binade and sign of a sample.
    seed : int
        The same seed gives the same sample.
    **parameters
        Parameters of the reference function.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If the order, dtype or library is unknown, or the callable raises or returns the wrong shape or dtype; the message has the
        input that caused it.

    Examples
    --------
    >>> import numpy as np, actfn
    >>> report = actfn.check(lambda x: x / (1 + np.abs(x)), "softsign", max_ulp=2)
    >>> report.ok, report.faults["wrong_nan"]
    (False, 2)
    """
    form = format_of(dtype)
    activation = resolve(reference, parameters)
    refuse_missing(activation)
    if order not in (0, 1, 2):
        raise ValueError(f"order must be 0, 1 or 2, got {order!r}")
    if library == "array_api" and namespace is None:
        raise ValueError("library='array_api' needs the library's namespace, for example namespace=array_api_strict")
    judge = Judge(activation, order, form)
    if isinstance(function, Activation) and library is None:
        call = guarded(own(function, order), form)
    else:
        call = guarded(caller(function, library or library_of(function), order, form, namespace), form)
    tally = Tally(form)
    whole = exhaustive or form.digits < 24
    if exhaustive and form.name == "float64":
        raise ValueError("all 2^64 numbers of float64 cannot be checked; leave exhaustive out for a sample")
    if exhaustive and form.name == "float32":
        for x in sample.chunks(0, 2**32):
            judge.add(tally, x, call(x), max_ulp)
    else:
        x = sample.every(form) if whole else sample.stratified(form, judge.places, each or EACH[form.name], seed)
        got = call(x)
        judge.add(tally, x, got, max_ulp)
        _count_order_faults(tally, judge, call, x, got)
    reference_name = repr(activation).removeprefix("actfn.")
    error = judge.reference_error
    return Report(name_of(function), reference_name, order, form.name, max_ulp, whole, tally, error)


def own(activation: Any, order: int) -> Callable[[Array], Array]:
    """Return an activation's own derivative as a function of an array."""

    def derivative(x: Array) -> Array:
        result: Array = activation.derivative(x, order=order)
        return result

    return derivative


def resolve(reference: str | Activation, parameters: dict[str, Any]) -> Activation:
    """Return the function that a name with parameters, as in ``"elu(alpha=0.5)"``, means."""
    if isinstance(reference, Activation):
        activation = reference
    else:
        match = re.fullmatch(r"\s*([\w.-]+)\s*(?:\((.*)\))?\s*", reference)
        if match is None:
            raise ValueError(
                f"{reference!r} is not a function's name, with or without parameters as in 'elu(alpha=0.5)'"
            )
        activation = get(match[1])
        if match[2]:
            message = f"{reference!r}: parameters are written as in 'elu(alpha=0.5)'"
            try:
                call = ast.parse(f"f({match[2]})", mode="eval").body
                if not isinstance(call, ast.Call) or call.args:
                    raise ValueError(message)
                given = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
            except (SyntaxError, ValueError):
                raise ValueError(message) from None
            activation = activation.with_parameters(**given)
    if parameters:
        activation = activation.with_parameters(**parameters)
    if activation.kind != "elementwise":
        raise ValueError(f"{activation.name} is not elementwise; the checker takes functions of one number")
    return activation


def refuse_missing(activation: Activation) -> None:
    """Raise ValueError if a function has a parameter that has no value."""
    missing = [p for p in activation.parameters.values() if p.default is None]
    if missing:
        example = ", ".join(f"{p.name}={p.example}" for p in missing)
        raise ValueError(f"{activation.name} needs a value of {missing[0].name}: write '{activation.name}({example})'")


def guarded(call: Callable[[Array], Array], form: Format) -> Callable[[Array], Array]:
    """Return the call with its result checked, and an exception told with the input that caused it."""

    def run(x: Array) -> Array:
        try:
            with np.errstate(all="ignore"):
                # A callable that works in place must not change what it is compared with.
                got = np.asarray(call(x.copy()))
        except (Exception, SystemExit) as error:
            point = _culprit(call, x)
            raise ValueError(f"the callable raised {type(error).__name__} at x = {point}: {error}") from error
        if got.shape != x.shape:
            raise ValueError(f"the callable was given shape {x.shape} and returned {got.shape}")
        if got.dtype != form.dtype:
            raise ValueError(f"the callable was given {form.name} and returned {got.dtype}")
        return got

    return run


def _culprit(call: Callable[[Array], Array], x: Array) -> str:
    """Return the first input for which a call fails alone, or that it fails only on the whole array."""

    def fails(part: Array) -> bool:
        try:
            with np.errstate(all="ignore"):
                call(part.copy())
        except (Exception, SystemExit):  # noqa: BLE001
            return True
        return False

    # Halve while one half fails by itself.
    while len(x) > 1:
        half = len(x) // 2
        part = next((part for part in (x[:half], x[half:]) if fails(part)), None)
        if part is None:
            return f"an array of {len(x)} numbers"
        x = part
    return f"{float(x[0])!r} ({float(x[0]).hex()})" if fails(x) else f"an array of {len(x)} numbers"


def _count_order_faults(tally: Tally, judge: Judge, call: Callable[[Array], Array], x: Array, got: Array) -> None:
    """Count where a monotone function falls, and where an even or odd one is not."""
    with np.errstate(all="ignore"):
        wide, result = x.astype(np.float64), got.astype(np.float64)
    finite = ~(np.isnan(wide) | np.isnan(result))
    order = np.argsort(wide[finite], kind="stable")
    if judge.monotone:
        ascending = result[finite][order]
        tally.add_faults(wide[finite][order][1:], "not_monotone", ascending[1:] < ascending[:-1])
    parity = judge.parity
    if parity:
        with np.errstate(all="ignore"):
            mirrored = call(-x).astype(np.float64)
            # At a kink or a joint the two sides need not agree.
            joint = (wide == 0) | np.isin(np.abs(wide), np.abs(np.array([*judge.kinks, 0.0])))
            different = finite & (mirrored != parity * result) & ~np.isnan(mirrored) & ~(joint & (judge.order > 0))
        tally.add_faults(wide, "not_symmetric", different)


def name_of(function: Any) -> str:
    """Return how a callable is called in a report."""
    if isinstance(function, Activation):
        return repr(function)
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if name is None:
        return repr(function)
    module = getattr(function, "__module__", None)
    return f"{module}.{name}" if module and module != "__main__" else str(name)
