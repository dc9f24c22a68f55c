"""The floating-point formats in which results are judged."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Format(NamedTuple):
    """A binary floating-point format: its digits, and the exponents of its smallest subnormal and largest binade."""

    name: str
    digits: int
    smallest_exponent: int
    largest_exponent: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype; bfloat16 needs ml_dtypes."""
        if self.name != "bfloat16":
            return np.dtype(self.name)
        try:
            import ml_dtypes
        except ModuleNotFoundError:
            raise ModuleNotFoundError("bfloat16 needs ml_dtypes: pip install ml_dtypes", name="ml_dtypes") from None
        found: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return found

    @property
    def bits(self) -> np.dtype[Any]:
        """The unsigned integer of the same width."""
        return np.dtype(f"u{self.dtype.itemsize}")

    @property
    def overflow(self) -> int:
        """The smallest number that rounds to infinity."""
        return int((2 ** (self.digits + 1) - 1) * 2 ** (self.largest_exponent - self.digits))

    def unit(self, exact: Array) -> Array:
        """Return the unit in the last place of exact float64 numbers; that of the smallest subnormal at and near 0."""
        biased = (exact.view(np.int64) >> 52) & 0x7FF
        biased -= self.digits - 1
        np.maximum(biased, self.smallest_exponent + 1023, out=biased)
        if self.smallest_exponent < -1022:
            subnormal: Array = np.ldexp(1.0, biased - 1023)
            return subnormal
        biased <<= 52
        unit: Array = biased.view(np.float64)
        return unit


FORMATS = {
    "float16": Format("float16", 11, -24, 15),
    "bfloat16": Format("bfloat16", 8, -133, 127),
    "float32": Format("float32", 24, -149, 127),
    "float64": Format("float64", 53, -1074, 1023),
}


def format_of(dtype: Any) -> Format:
    """Return the format of a dtype or of its name.

    Raises
    ------
    ValueError
        If it is none of the four.
    """
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name not in FORMATS:
        raise ValueError(f"there is no accuracy check for dtype {name!r}; there is one for {', '.join(FORMATS)}")
    return FORMATS[name]


def rounded(numerator: int, exponent: int, form: Format) -> float:
    """Round numerator 2^exponent to the nearest number of a format, ties to even, as a Python float."""
    if numerator == 0:
        return 0.0
    size = abs(numerator)
    drop = max(size.bit_length() + exponent - form.digits, form.smallest_exponent) - exponent
    if drop > 0:
        kept, rest = size >> drop, size & ((1 << drop) - 1)
        half = 1 << (drop - 1)
        kept += rest > half or (rest == half and kept & 1)
        size, exponent = kept, exponent + drop
    if size and size.bit_length() + exponent - 1 > form.largest_exponent:
        return float("inf") if numerator > 0 else -float("inf")
    value = float(np.ldexp(float(size >> max(0, size.bit_length() - 53)), exponent + max(0, size.bit_length() - 53)))
    return value if numerator > 0 else -value
