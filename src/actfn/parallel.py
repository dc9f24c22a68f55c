"""Threads for large arrays: a ufunc is called on parts of its operands, side by side, since it releases the interpreter's lock."""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from actfn.inputs import KEPT

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

# Smaller arrays are not worth waking a thread for.
LEAST = 2**19
# So many elements fit into the cache of one core, with their results.
PART = 2**17

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_number: int | None = None


def get_num_threads() -> int:
    """Return how many threads work on a large array.

    Examples
    --------
    >>> import actfn
    >>> actfn.get_num_threads() >= 1
    True
    """
    global _number
    if _number is None:
        _number = _from_environment()
    return _number


def set_num_threads(number: int) -> None:
    """Set how many threads work on a large array; 1 for none but the caller's.

    The default is the environment variable ``ACTFN_NUM_THREADS``, or the number of CPUs that this process may use. Raw ufuncs never
    use more than the caller's thread. The results have the same bits for any number.

    Raises
    ------
    ValueError
        If the number is not an integer from 1.

    Examples
    --------
    >>> import actfn
    >>> before = actfn.get_num_threads()
    >>> actfn.set_num_threads(1)
    >>> actfn.get_num_threads()
    1
    >>> actfn.set_num_threads(before)
    """
    global _number, _pool
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 1:
        raise ValueError(f"the number of threads is an integer from 1, got {number!r}")
    with _lock:
        _number = int(number)
        if _pool is not None:
            _pool.shutdown(wait=False)
            _pool = None


def _from_environment() -> int:
    given = os.environ.get("ACTFN_NUM_THREADS", "").strip()
    if not given:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"ACTFN_NUM_THREADS is set to {given!r}; it is a number of threads from 1")
    return int(given)


def call(ufunc: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call an elementwise ufunc, in parts where its operands allow it.

    They do if the arrays have one shape, one floating-point dtype and one memory order, everything else is a scalar, and ``out`` is
    apart from the inputs or is one of them.
    """
    outs = keywords.get("out")
    outs = () if outs is None else outs if isinstance(outs, tuple) else (outs,)
    arrays = [a for a in arguments if np.ndim(a) > 0]
    shape, dtype = arguments[0].shape, arguments[0].dtype
    whole = (
        isinstance(ufunc, np.ufunc)
        and keywords.keys() <= {"out"}
        and get_num_threads() > 1
        and dtype.name in KEPT
        and all(_alike(array, shape, dtype) for array in (*arrays, *outs))
        and not overlap(arrays, outs)
    )
    if not whole:
        return ufunc(*arguments, **keywords)
    results = outs or tuple(np.empty_like(arguments[0]) for _ in range(ufunc.nout))
    flat = [_flat(array) for array in (*arrays, *results)]
    if any(array is None for array in flat) or len({array.flags.f_contiguous for array in (*arrays, *results)}) > 1:
        return ufunc(*arguments, **keywords)
    inputs, targets = flat[: len(arrays)], flat[len(arrays) :]

    def work(part: slice) -> None:
        given = iter(inputs)
        ufunc(
            *(next(given)[part] if np.ndim(a) > 0 else a for a in arguments),
            out=tuple(target[part] for target in targets),
        )

    share(work, math.prod(shape), PART)
    return results[0] if len(results) == 1 else results


def call_rows(ufunc: Any, inputs: tuple[Any, ...], axis: int, keywords: dict[str, Any]) -> Any:
    """Call a gufunc from rows to rows, in parts along another axis than that of the rows where there is one."""
    shape, dtype = inputs[0].shape, inputs[0].dtype
    outs = () if keywords.get("out") is None else (keywords["out"],)
    whole = (
        len(shape) > 1
        and keywords.keys() <= {"out"}
        and get_num_threads() > 1
        and dtype.name in KEPT
        and all(_alike(array, shape, dtype) for array in (*inputs, *outs))
        and not overlap(inputs, outs)
    )
    along = 1 if whole and axis in (0, -len(shape)) else 0
    if not whole or shape[along] < 2:
        return ufunc(*inputs, axis=axis, **keywords)
    result = outs[0] if outs else np.empty(shape, dtype)

    def work(part: slice) -> None:
        where = (slice(None),) * along + (part,)
        ufunc(*(array[where] for array in inputs), axis=axis, out=result[where])

    share(work, shape[along], max(1, PART * shape[along] // math.prod(shape)))
    return result


def _alike(array: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return type(array) is np.ndarray and array.shape == shape and array.dtype == dtype and dtype.isnative


def overlap(inputs: Any, outs: tuple[Any, ...]) -> bool:
    """Tell whether writing one part may change what another part reads."""
    return any(np.may_share_memory(a, out) and not _same(a, out) for out in outs for a in inputs) or (
        len(outs) > 1 and np.may_share_memory(*outs)
    )


def _same(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    return a.ctypes.data == b.ctypes.data and a.strides == b.strides


def _flat(array: np.ndarray[Any, Any]) -> Any:
    """Return a view of an array in the order of its memory, or None if there is none."""
    if array.flags.c_contiguous:
        return array.reshape(-1)
    return array.T.reshape(-1) if array.flags.f_contiguous else None


def share(work: Any, length: int, part: int) -> None:
    """Do the work on all parts of a length, with the pool's threads and this one."""
    parts = deque(slice(start, min(start + part, length)) for start in range(0, length, part))

    def run() -> None:
        while True:
            try:
                mine = parts.popleft()
            except IndexError:
                return
            work(mine)

    helpers = _start(run, min(get_num_threads(), len(parts)) - 1)
    try:
        run()
    finally:
        for helper in helpers:
            # One that has not begun would find nothing to do.
            if not helper.cancel():
                helper.result()


def _start(run: Any, number: int) -> list[Future[None]]:
    global _pool
    try:
        with _lock:
            if _pool is None and number > 0:
                from concurrent.futures import ThreadPoolExecutor

                _pool = ThreadPoolExecutor(get_num_threads() - 1, thread_name_prefix="actfn")
            return [_pool.submit(run) for _ in range(number)] if _pool is not None else []
    except RuntimeError:
        # The interpreter is shutting down, and starts no threads any more.
        return []


def _reset() -> None:
    # A child of fork has none of its parent's threads, and may have inherited a held lock.
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)
