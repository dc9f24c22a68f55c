"""Work on arrays block by block in float64, so that nothing as large as they are is made on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actfn import parallel

if TYPE_CHECKING:
    from actfn.libraries.find import Library

Array = NDArray[Any]

# So many numbers that a dozen blocks of them stay in the cache of one core.
BLOCK = 4096


def run(work: Callable[..., None], inputs: Sequence[Array], outputs: Sequence[Array], spare: int = 0) -> None:
    """Call ``work`` with float64 blocks of the inputs, the outputs and some to spare; what it leaves in the outputs' is rounded once.

    Inputs broadcast to the outputs, which have one shape. Large arrays are shared among threads.

    Examples
    --------
    >>> import numpy as np
    >>> x, out = np.array([1.0, 2.0]), np.empty(2, np.float32)
    >>> run(lambda a, result: np.multiply(a, a, out=result), (x,), (out,))
    >>> out.tolist()
    [1.0, 4.0]
    """
    in_parts(lambda inputs, outputs: _serially(work, inputs, outputs, spare), inputs, outputs)


def in_parts(
    work: Callable[[Sequence[Array], Sequence[Array]], object], inputs: Sequence[Array], outputs: Sequence[Array]
) -> None:
    """Call ``work`` with inputs and outputs, or with parts of large ones from several threads."""
    shape, size = outputs[0].shape, outputs[0].size
    if size < parallel.LEAST or parallel.get_num_threads() == 1 or parallel.overlap(inputs, tuple(outputs)):
        work(inputs, outputs)
        return
    axis = int(np.argmax(shape))
    whole = [np.broadcast_to(array, shape) for array in inputs]

    def share(part: slice) -> None:
        where = (slice(None),) * axis + (part,)
        work([array[where] for array in whole], [array[where] for array in outputs])

    parallel.share(share, shape[axis], max(1, parallel.PART * shape[axis] // size))


def _serially(work: Callable[..., None], inputs: Sequence[Array], outputs: Sequence[Array], spare: int) -> None:
    scratch = np.empty((spare, min(BLOCK, outputs[0].size)))
    # A cast of NumPy's would round these to float32 first.
    twice = [place for place, array in enumerate(outputs, len(inputs)) if array.dtype.name == "bfloat16"]
    operands: list[Any] = [*inputs, *outputs]
    access: list[Any] = [["readonly"]] * len(inputs) + [["writeonly", "no_broadcast"]] * len(outputs)
    wide = [np.float64] * len(operands)
    flags: list[Any] = ["external_loop", "buffered", "copy_if_overlap", "zerosize_ok", "delay_bufalloc"]
    iterator = np.nditer(operands, flags, access, wide, casting="unsafe", buffersize=BLOCK)
    with np.errstate(all="ignore"), iterator as blocks:
        blocks.reset()
        if not blocks.itersize:
            return
        for given in blocks:
            given = given if isinstance(given, tuple) else (given,)
            work(*given, *(row[: given[0].size] for row in scratch))
            for place in twice:
                given[place][...] = sticky(given[place])


def narrowed(wide: Array, dtype: Any, library: Library | None = None) -> Array:
    """Return float64 numbers in another dtype, rounded once; those of another library as it rounds them."""
    if library is not None:
        return library.astype(wide, dtype)  # type: ignore[no-any-return]
    return (sticky(wide) if np.dtype(dtype).name == "bfloat16" else wide).astype(dtype)


def sticky(wide: Array) -> Array:
    """Return float64 numbers as float32 ones, of which an inexact one is odd: rounded again, it is as if it had been rounded once."""
    with np.errstate(all="ignore"):
        narrow = np.asarray(wide, np.float64).astype(np.float32)
        back = narrow.astype(np.float64)
        bits = narrow.view(np.int32)
        even = (back != wide) & (bits & 1 == 0) & ~np.isnan(wide)
        np.add(bits, np.where(np.abs(wide) > np.abs(back), 1, -1), out=bits, where=even, casting="unsafe")
    return narrow
