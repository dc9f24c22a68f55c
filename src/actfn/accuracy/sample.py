"""Where a function is looked at: every binade, both signs, subnormals, and next to every place where something happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from actfn.accuracy.formats import Array, Format

CHUNK = 2**15


def every(form: Format) -> Array:
    """Return all numbers of a 16-bit format."""
    return np.arange(65536, dtype=np.uint16).view(form.dtype)


def stratified(form: Format, places: Iterable[float], each: int, seed: int = 0) -> Array:
    """Return distinct numbers of a format: `each` of every binade and sign, more where activations bend, and near places.

    Parameters
    ----------
    form : Format
    places : iterable of float
        Kinks, roots, thresholds: the 32 neighbours on each side and points at falling distances are taken.
    each : int
        How many of each binade, with random digits.
    seed : int
        The same seed gives the same numbers.
    """
    rng = np.random.default_rng(seed)
    exponents = np.arange(form.smallest_exponent, form.largest_exponent + 1)
    significands = 1 + rng.random((each, len(exponents)))
    binades = np.ldexp(significands, exponents).ravel()
    bend = rng.uniform(0, 12, 40 * each)
    tail = rng.uniform(0, -1.05 * form.smallest_exponent * np.log(2), 40 * each)
    ends = np.ldexp(2 - 2.0 ** (1 - form.digits), form.largest_exponent) * np.array([1.0, 0.5])
    positive = np.concatenate([binades, bend, tail, ends, [1.0, np.ldexp(1.0, form.smallest_exponent)]])
    with np.errstate(all="ignore"):
        points = np.concatenate([positive, -positive, [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(form.dtype)
        near = [neighbourhood(form, place) for place in places]
    bits = np.unique(np.concatenate([points, *near]).view(form.bits))
    return bits.view(form.dtype)


def neighbourhood(form: Format, place: float) -> Array:
    """Return the numbers next to a place, and at distances that fall by factors of two."""
    at = np.array([place], np.float64).astype(form.dtype)
    # The bit pattern without its sign counts away from zero.
    sign = 1 << (8 * form.dtype.itemsize - 1)
    pattern = int(at.view(form.bits)[0])
    size = [max(0, min((pattern & (sign - 1)) + step, sign - 1)) for step in range(-32, 33)]
    beside = np.array([(pattern & sign) | s for s in size], form.bits).view(form.dtype)
    distances = np.ldexp(max(abs(place), 1.0), -np.arange(1, form.digits))
    around = np.concatenate([place + distances, place - distances]).astype(form.dtype)
    return np.concatenate([beside, around])


def chunks(start: int, stop: int) -> Iterator[Array]:
    """Yield the numbers of float32 whose bits are from start to below stop, so many at a time as a core's cache holds."""
    for first in range(start, stop, CHUNK):
        yield np.arange(first, first + CHUNK, dtype=np.uint32).view(np.float32)
