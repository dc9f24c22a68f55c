"""What is kept of a comparison: extremes, sums and counts, which add up over chunks and processes."""

from __future__ import annotations

import bisect
import math
from typing import Any

import numpy as np

from actfn.accuracy.formats import Array, Format

# Errors are counted by size, four counts to a binade, from 2^-12 ULP to 2^64 ULP.
PER_OCTAVE, LOWEST, HIGHEST = 4, -12, 64
# Runs of errors above the bound end at the chunks' edges, and are joined there; so many of the first are kept.
MOST_RUNS = 4096

KINDS = ("wrong_nan", "wrong_infinity", "wrong_zero_sign", "flushed", "not_monotone", "not_symmetric", "kinks")


class Tally:
    """A running summary of errors in ULP."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.count = 0
        self.total = 0.0
        self.correct = 0
        self.worst = 0.0
        self.where: tuple[float, float, float] | None = None
        self.sizes = np.zeros((HIGHEST - LOWEST) * PER_OCTAVE + 2, np.int64)
        self.places = np.zeros(2 * 65536, np.float32)
        self.kinds = dict.fromkeys(KINDS, 0)
        self.first: dict[str, float] = {}
        self.runs: list[tuple[float, float]] = []

    def add_faults(self, x: Array, kind: str, mask: Array) -> None:
        """Count the points that have a kind of fault, and keep the first of them."""
        found = int(np.count_nonzero(mask))
        if found:
            self.kinds[kind] += found
            self._note_fault(kind, float(np.fmin.reduce(x[mask])))

    def _note_fault(self, kind: str, x: float) -> None:
        self.first[kind] = float(np.fmin(self.first.get(kind, math.nan), x))

    def add(self, x: Array, got: Array, exact: Array, errors: Array, bound: float) -> None:
        """Add a chunk: points, results and exact values as float64, and finite errors."""
        self.count += len(x)
        if len(errors) == 0:
            return
        if not errors.any():
            self.correct += len(errors)
            self.sizes[0] += len(errors)
            if self.where is None:
                self.where = (float(x[0]), float(got[0]), float(exact[0]))
            return
        self.total += float(errors.sum())
        # A reference in float64 may itself be off by a few billionths of a unit; ties of the narrow formats are told apart.
        self.correct += int(np.count_nonzero(errors <= (0.5 if self.form.digits < 24 else 0.5 + 1e-8)))
        largest = int(errors.argmax())
        if errors[largest] > self.worst or self.where is None:
            self.worst = float(errors[largest])
            self.where = (float(x[largest]), float(got[largest]), float(exact[largest]))
        # The exponent and the first two digits of an error are its count's index.
        index = errors.view(np.int64) >> 50
        index -= (1023 + LOWEST) * PER_OCTAVE - 1
        np.clip(index, 0, len(self.sizes) - 1, out=index)
        self.sizes += np.bincount(index, minlength=len(self.sizes))
        ends = self._place(x[[0, -1]])
        if ends[0] == ends[1] and self._place(x[len(x) // 2 : len(x) // 2 + 1]) == ends[0] and _ordered(x):
            self.places[ends[0]] = max(self.places[ends[0]], np.float32(min(errors[largest], 1e38)))
        else:
            np.maximum.at(self.places, self._place(x), np.minimum(errors, 1e38).astype(np.float32))
        wrong = errors > bound
        if wrong.any():
            order = np.argsort(x, kind="stable")
            run = wrong[order]
            start = int(run.argmax())
            length = int((~run[start:]).argmax()) or len(run) - start
            self._note_run(float(x[order[start]]), float(x[order[start + length - 1]]))

    def add_rounded(self, x: Array, got: Array, exact: Array, rounded: Array) -> None:
        """Add the points of a chunk whose results are the exact values, or those rounded: as errors of nothing or of half a unit."""
        if not rounded.any():
            return
        count = int(np.count_nonzero(rounded))
        off = rounded & (exact != got)
        inexact = int(np.count_nonzero(off))
        self.count += count
        self.correct += count
        self.total += 0.5 * inexact
        self.sizes[0] += count - inexact
        self.sizes[(-1 - LOWEST) * PER_OCTAVE + 1] += inexact
        if self.where is None or (inexact and self.worst < 0.5):
            first = int((off if inexact else rounded).argmax())
            self.worst = max(self.worst, 0.5 if inexact else 0.0)
            self.where = (float(x[first]), float(got[first]), float(exact[first]))

    def _place(self, x: Array) -> Array:
        # Sign, exponent and the first four digits: 65,536 places a sign.
        bits = x.view(np.uint64)
        place: Array = (bits >> np.uint64(48)).astype(np.int64)
        return (place & 0x7FFF) + 32768 * 2 * (place >> 15)

    def merge(self, other: Tally) -> None:
        """Add another summary of the same format."""
        self.count += other.count
        self.total += other.total
        self.correct += other.correct
        if other.where is not None and (self.where is None or other.worst > self.worst):
            self.worst, self.where = other.worst, other.where
        self.sizes += other.sizes
        np.maximum(self.places, other.places, out=self.places)
        for kind in KINDS:
            self.kinds[kind] += other.kinds[kind]
        for kind, x in other.first.items():
            self._note_fault(kind, x)
        for low, high in other.runs:
            self._note_run(low, high)

    def _note_run(self, low: float, high: float) -> None:
        """Keep an interval of errors above the bound, joined with those that it touches."""
        number = self.form.dtype.type
        before = float(np.nextafter(number(low), number(-np.inf)))
        after = float(np.nextafter(number(high), number(np.inf)))
        place = bisect.bisect_left(self.runs, (low, high))
        if place < len(self.runs) and self.runs[place][0] <= after:
            high = max(high, self.runs.pop(place)[1])
        if place > 0 and self.runs[place - 1][1] >= before:
            place -= 1
            known = self.runs.pop(place)
            low, high = known[0], max(high, known[1])
        self.runs.insert(place, (low, high))
        del self.runs[MOST_RUNS:]

    @property
    def bad(self) -> tuple[float, float] | None:
        """The first interval of errors above the bound."""
        return self.runs[0] if self.runs else None

    def percentile(self, share: float) -> float:
        """Return an error that this share of the errors does not exceed, to a quarter of a binade."""
        counted = np.cumsum(self.sizes)
        if counted[-1] == 0:
            return 0.0
        index = int(np.searchsorted(counted, share * counted[-1]))
        if index == 0:
            return min(self.worst, 2.0**LOWEST)
        octave, part = divmod(index, PER_OCTAVE)
        return min(self.worst, 2.0 ** (LOWEST + octave) * (1 + part / PER_OCTAVE))

    def profile(self) -> tuple[Array, Array]:
        """Return the largest error at each place that was looked at with an error above zero, in the order of x."""
        index = np.flatnonzero(self.places)
        sign, place = index >> 16, index & 0xFFFF
        x = (place.astype(np.uint64) << np.uint64(48)).view(np.float64) * np.where(sign, -1.0, 1.0)
        order = np.argsort(x)
        return x[order], self.places[index][order]

    def state(self) -> dict[str, Any]:
        """Return what a later process needs to go on, as plain data."""
        index = np.flatnonzero(self.places)
        return {
            "count": self.count,
            "total": self.total,
            "correct": self.correct,
            "worst": self.worst,
            "where": None if self.where is None else [value.hex() for value in self.where],
            "sizes": self.sizes.tolist(),
            "places": [index.tolist(), [float(error) for error in self.places[index]]],
            "kinds": dict(self.kinds),
            "first": {kind: x.hex() for kind, x in self.first.items()},
            "runs": [[low.hex(), high.hex()] for low, high in self.runs],
        }

    @classmethod
    def restored(cls, form: Format, state: dict[str, Any]) -> Tally:
        """Rebuild a summary from its state."""
        tally = cls(form)
        tally.count, tally.total, tally.correct = state["count"], state["total"], state["correct"]
        tally.worst = state["worst"]
        tally.where = None if state["where"] is None else tuple(map(float.fromhex, state["where"]))  # type: ignore[assignment]
        tally.sizes = np.array(state["sizes"], np.int64)
        tally.places[state["places"][0]] = state["places"][1]
        tally.kinds = dict(state["kinds"])
        tally.first = {kind: float.fromhex(x) for kind, x in state["first"].items()}
        tally.runs = [(float.fromhex(low), float.fromhex(high)) for low, high in state["runs"]]
        return tally

    @property
    def mean(self) -> float:
        """The mean error in ULP."""
        judged = int(self.sizes.sum())
        return self.total / judged if judged else math.nan

    @property
    def share_correct(self) -> float:
        """The share of correctly rounded results."""
        judged = int(self.sizes.sum())
        return self.correct / judged if judged else math.nan


def _ordered(x: Array) -> bool:
    """Tell whether numbers come in the order of their bits, as in a sweep."""
    bits = x.view(np.int64)
    return bool((bits[1:] > bits[:-1]).all())
