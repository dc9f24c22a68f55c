"""The few operations that kernels over coefficients use, in any library and in the dtype of its arrays."""

from __future__ import annotations

from typing import Any

from actfn.libraries.find import Library


class Terms:
    """A vocabulary in which a pair is one number."""

    def __init__(self, library: Library, like: Any) -> None:
        self.library, self.like = library, like
        self.far = 2.0**480 if library.dtype_name(like) == "float64" else 2.0**60

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        """Return one or the other, element by element."""
        return self.library.xp.where(condition, self._array(chosen), self._array(otherwise))

    def product(self, a: Any, b: Any) -> Any:
        """Return a b."""
        return a * b

    def sum(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return a + b

    def abs(self, x: Any) -> Any:
        """Return the absolute value."""
        return abs(x)

    def pair(self, x: Any) -> Any:
        """Return x."""
        return x

    round = high = pair

    def _array(self, x: Any) -> Any:
        return self.library.scalar(float(x), self.like.dtype, self.like) if isinstance(x, (int, float)) else x
