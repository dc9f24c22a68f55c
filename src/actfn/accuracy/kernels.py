"""The float64 kernels by which narrower results are judged: those of the machine's best instruction set."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from functools import cache

import numpy as np

from actfn import _core


@cache
def best_ufuncs() -> Mapping[str, np.ufunc]:
    """Return the ufuncs of the best instruction set, whichever this process was told to use.

    Examples
    --------
    >>> float(best_ufuncs()["sigmoid"](0.0))
    0.5
    """
    best = _core.available.split(", ")[-1]
    if _core.instruction_set == best:
        return _core.ufuncs
    # A second instance of the same module reads the environment anew.
    spec = importlib.util.spec_from_file_location("actfn._core", _core.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    chosen = os.environ.get("ACTFN_ISA")
    os.environ["ACTFN_ISA"] = best
    try:
        spec.loader.exec_module(module)
    finally:
        if chosen is None:
            del os.environ["ACTFN_ISA"]
        else:
            os.environ["ACTFN_ISA"] = chosen
    ufuncs: Mapping[str, np.ufunc] = module.ufuncs
    return ufuncs
