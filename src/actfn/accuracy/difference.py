"""What two instruction sets do differently on all numbers of float32: where they agree, one sweep serves both."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

import numpy as np

from actfn.accuracy.check import own
from actfn.accuracy.judge import Judge
from actfn.accuracy.kernels import best_ufuncs
from actfn.accuracy.sample import chunks
from actfn.accuracy.sweep import FORM, TASK, TASKS
from actfn.accuracy.tally import Tally
from actfn.activation import Activation

_judge: Judge
_parameters: tuple[np.float64, ...]
_suffix: str


def differences(function: Activation, order: int) -> tuple[Tally, Tally, set[str]]:
    """Compare the results of this process's instruction set with those of the best one, on every number of float32.

    Returns
    -------
    tuple
        The errors of this instruction set and of the best one where their bits differ, and those points as hexadecimal floats.
    """
    here, best, points = Tally(FORM), Tally(FORM), set()
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0)), _begin, (function, order)) as pool:
        for mine, other, found in pool.imap_unordered(_run, range(TASKS)):
            here.merge(mine)
            best.merge(other)
            points |= found
    return here, best, points


def _begin(function: Activation, order: int) -> None:
    global _judge, _parameters, _suffix
    _judge, _suffix = Judge(function, order, FORM), ("", "_d1", "_d2")[order]
    _parameters = tuple(np.float64(value) for value in _judge.parameters.values())


def _run(task: int) -> tuple[Tally, Tally, set[str]]:
    call = own(_judge.function, _judge.order)
    ufunc = best_ufuncs()[_judge.function.name + _suffix]
    here, best, points = Tally(FORM), Tally(FORM), set()
    for x in chunks(task * TASK, (task + 1) * TASK):
        mine, other = call(x), ufunc(x, *_parameters)
        apart = mine.view(np.uint32) != other.view(np.uint32)
        if apart.any():
            for tally, results in ((here, mine), (best, other)):
                _judge.add(tally, x[apart], results[apart], np.inf)
            points |= {float(number).hex() for number in x[apart]}
    return here, best, points


def row_from(row: dict[str, Any], here: Tally, best: Tally, points: set[str]) -> dict[str, Any] | None:
    """Return a row of the tables for this instruction set, from that of the best one and what differs.

    None if the place of the largest error is one of those that differ, so that another may be the largest.
    """
    if row["x_hex"] in points or any(here.kinds[kind] for kind in here.kinds if kind != "kinks"):
        return None
    share = float(row["correctly_rounded"]) + (here.correct - best.correct) / 2**32
    worse = here.where is not None and here.worst > float(row["max_ulp"])
    changed: dict[str, Any] = {"correctly_rounded": f"{share:.9f}"}
    if worse and here.where is not None:
        x = here.where[0]
        changed |= {"max_ulp": f"{here.worst + 2.0**-28:.4f}", "x": repr(x), "x_hex": x.hex()}
    return {**row, **changed}
