"""What is installed: version, instruction set, compiler, threads."""

from __future__ import annotations

from actfn import _core
from actfn.parallel import get_num_threads


def info() -> dict[str, object]:
    """Return the version, the instruction set chosen and those available, the compiler, and the number of threads.

    The environment variable ``ACTFN_ISA`` chooses another instruction set before the first import.

    Examples
    --------
    >>> import actfn
    >>> sorted(actfn.info())
    ['available', 'compiler', 'instruction_set', 'threads', 'version']
    """
    import importlib.metadata

    return {
        "version": importlib.metadata.version("actfn"),
        "instruction_set": _core.instruction_set,
        "available": _core.available.split(", "),
        "compiler": _core.compiler,
        "threads": get_num_threads(),
    }
