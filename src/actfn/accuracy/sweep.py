"""All 2^32 numbers of float32, on all cores; a sweep that was stopped goes on where it was."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actfn.accuracy.check import guarded, name_of, own, refuse_missing, resolve
from actfn.accuracy.formats import FORMATS, Array
from actfn.accuracy.frameworks import caller, library_of
from actfn.accuracy.judge import Judge
from actfn.accuracy.report import Report
from actfn.accuracy.sample import chunks
from actfn.accuracy.tally import Tally
from actfn.activation import Activation

FORM = FORMATS["float32"]
TASK = 2**24
TASKS = 2**32 // TASK
SECONDS_BETWEEN_STATES = 5.0


def sweep(
    function: str | Activation,
    reference: str | Activation,
    *,
    order: int = 0,
    max_ulp: float = 4.0,
    library: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    state: Path | None = None,
    workers: int | None = None,
    at_a_glance: bool = False,
) -> Report:
    """Compare a callable with the exact function on every number of float32.

    Parameters
    ----------
    function : str or Activation
        ``"module:name"``, which every process imports, or an activation of actfn, whose own derivative of the order is checked.
    reference : str or Activation
        The function that it should be.
    order : {0, 1, 2}
    max_ulp : float
    library : {"numpy", "torch", "jax"}, optional
        Whose arrays the callable takes; found out from its module by default.
    progress : callable, optional
        Called with the number of finished tasks and of all tasks.
    state : Path, optional
        A file in which the sweep is kept while it goes on; one that is there already is gone on with, and it is removed at the end.
    workers : int, optional
        The number of processes; by default that of the CPUs that this process may use.
    at_a_glance : bool
        Count a result that is the exact value rounded as an error of half a unit, and look no closer: three times as fast.

    Raises
    ------
    ValueError
        If the callable cannot be imported or fails, or the state is that of another sweep.
    """
    activation = resolve(reference, {})
    refuse_missing(activation)
    loaded = load(function)
    if not isinstance(function, Activation):
        # An unknown library is told before any process starts.
        caller(loaded, library or library_of(loaded), order, FORM)
    what = [str(function), repr(activation), order, max_ulp, library, TASKS, at_a_glance]
    tally, done = _restored(state, what)
    left = [task for task in range(TASKS) if task not in done]
    saved = time.monotonic()
    processes = workers or len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _begin, (function, activation, order, max_ulp, library, at_a_glance)) as pool:
        for task, part in pool.imap_unordered(_run, left):
            tally.merge(part)
            done.add(task)
            if progress is not None:
                progress(len(done), TASKS)
            if state is not None and time.monotonic() - saved > SECONDS_BETWEEN_STATES:
                _save(state, what, tally, done)
                saved = time.monotonic()
    if state is not None:
        state.unlink(missing_ok=True)
    subject = name_of(function) if isinstance(function, Activation) else function.replace(":", ".")
    error = Judge(activation, order, FORM).reference_error
    return Report(subject, repr(activation).removeprefix("actfn."), order, "float32", max_ulp, True, tally, error)


def load(function: str | Activation) -> Any:
    """Import the callable that ``"module:name"`` means.

    Raises
    ------
    ValueError
        If there is no such module or name.
    """
    if isinstance(function, Activation):
        return function
    module_name, _, path = function.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{function!r} cannot be imported: {error}") from error
    return found


_judge: Judge
_add: Callable[[Tally, Array, Array, float], None]
_call: Callable[[Array], Array]
_bound: float


def _begin(
    function: str | Activation, activation: Activation, order: int, bound: float, library: str | None, glance: bool
) -> None:
    """Prepare a process for its tasks."""
    global _judge, _add, _call, _bound
    _judge, _bound = Judge(activation, order, FORM), bound
    _add = _judge.add_at_a_glance if glance else _judge.add
    if isinstance(function, Activation):
        _call = own(_judge.function, order)
    else:
        loaded = load(function)
        _call = guarded(caller(loaded, library or library_of(loaded), order, FORM), FORM)


def _run(task: int) -> tuple[int, Tally]:
    tally = Tally(FORM)
    for x in chunks(task * TASK, (task + 1) * TASK):
        _add(tally, x, _call(x), _bound)
    return task, tally


def _restored(state: Path | None, what: list[Any]) -> tuple[Tally, set[int]]:
    if state is None or not state.exists():
        return Tally(FORM), set()
    kept = json.loads(state.read_text(encoding="utf-8"))
    if kept["what"] != what:
        raise ValueError(
            f"{state} keeps the sweep of {kept['what'][:3]}, not of {what[:3]}; remove it, or name another file"
        )
    return Tally.restored(FORM, kept["tally"]), set(kept["done"])


def _save(state: Path, what: list[Any], tally: Tally, done: set[int]) -> None:
    partial = state.with_name(state.name + ".partial")
    partial.write_text(json.dumps({"what": what, "done": sorted(done), "tally": tally.state()}), encoding="utf-8")
    partial.replace(state)
