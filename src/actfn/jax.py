"""Every activation function for JAX: functions whose derivatives are the declared ones.

They take part in jit, vmap, grad, jvp, vjp and grad of grad, keep float16, bfloat16, float32 and float64, and give integers and bool
JAX's default dtype. The derivative by x is the declared one, and that of it the second; the derivatives by parameters that are given
as arrays are declared too. On a CPU the compiled loops run inside the compiled program, without a copy; on other devices, and in an
exported program, the same kernels run as XLA's own operations.

Examples
--------
>>> import jax, jax.numpy as jnp, actfn.jax as A
>>> jax.vmap(jax.grad(A.mish))(jnp.array([-1.0, 0.0, 20.0]))
Array([0.05921676, 0.6       , 1.        ], dtype=float32)
>>> A.softmax(jnp.zeros((2, 2)), axis=0)
Array([[0.5, 0.5],
       [0.5, 0.5]], dtype=float32)
>>> float(jax.grad(A.elu, argnums=1)(-1.0, 0.5))
-0.6321205496788025
"""

from __future__ import annotations

from typing import Any

try:
    import jax as _jax  # noqa: F401
except ModuleNotFoundError as error:
    message = 'actfn.jax needs JAX: pip install "actfn[jax]"'
    raise ModuleNotFoundError(message, name=error.name) from None

from actfn.activation import get
from actfn.catalogue import names
from actfn.frontends.jax_functions import function_of

functions = {name: function_of(get(name)) for name in names()}
globals().update(functions)

__all__ = ["function_of", *functions]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    import difflib

    close = difflib.get_close_matches(name, __all__, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close and not name.startswith("_") else ""
    raise AttributeError(f"module 'actfn.jax' has no attribute {name!r}{hint}")
