"""Times of calls, taken in turns in one process: the least of many repeats."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

# A turn repeats a call until the clock's own time is nothing beside it.
LEAST_TURN = 1e-4


def least_times(calls: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """Return for each call the seconds of its fastest turn; the turns of all calls alternate until the time is up."""
    repeats = {name: _repeats(call) for name, call in calls.items()}
    best = dict.fromkeys(calls, float("inf"))
    end = time.perf_counter() + seconds
    turns = 0
    while turns < 5 or time.perf_counter() < end:
        for name, call in calls.items():
            best[name] = min(best[name], _turn(call, repeats[name]))
        turns += 1
    return best


def _turn(call: Callable[[], Any], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - started) / repeats


def _repeats(call: Callable[[], Any]) -> int:
    call()
    once = min(_turn(call, 1) for _ in range(3))
    return max(1, int(LEAST_TURN / max(once, 1e-8)))
