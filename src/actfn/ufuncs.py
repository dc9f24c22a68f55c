"""The raw ufuncs and gufuncs, by name.

For each elementwise function ``f`` there are ``f``, ``f_d1``, ``f_d2`` (value, first and second derivative), ``f_vjp`` of
``(x, g)``, ``f_value_d1`` with two results, and for each parameter ``p`` the partial derivative ``f_d_p`` and ``f_vjp_p``. Parameters
are inputs behind the others: ``swish(x, beta)``, ``swish_vjp(x, g, beta)``. For ``softmax`` and ``log_softmax`` there are the
gufuncs ``f`` and ``f_vjp``.

Examples
--------
>>> import numpy as np
>>> from actfn import ufuncs
>>> isinstance(ufuncs.relu, np.ufunc)
True
>>> ufuncs.relu(np.array([-1.0, 2.0]))
array([0., 2.])
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from actfn import _core

globals().update(_core.ufuncs)


def _settle() -> None:
    # A ufunc pickles as an attribute of a module: this one. Older NumPy cannot be told, and searches for it.
    for ufunc in _core.ufuncs.values():
        with suppress(AttributeError):
            ufunc.__module__ = __name__


_settle()


def __dir__() -> list[str]:
    return sorted(_core.ufuncs)


def __getattr__(name: str) -> np.ufunc:
    import difflib

    close = difflib.get_close_matches(name, _core.ufuncs, n=3)
    hint = f"; close names: {', '.join(close)}" if close else ""
    raise AttributeError(f"there is no ufunc {name!r}{hint}")
