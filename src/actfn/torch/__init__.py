"""Every activation function for PyTorch: functions and modules whose derivatives are the declared ones.

A tensor's dtype, device and layout stay what they are. On CPU tensors the compiled loops run without a copy, also under
``torch.compile``, to which they are opaque operators (``torch.ops.actfn``); elsewhere, and in an exported program, the same kernels
run in PyTorch itself. The first derivative is the declared one, and that of it the second; backward keeps one tensor, x, or the output
where the derivative follows from it. Functions take floats only, and keep the dtype under autocast: every dtype is computed in a wider
one and rounded once.

Examples
--------
>>> import torch, actfn.torch as A
>>> x = torch.tensor([-1.0, 0.0, 20.0], requires_grad=True)
>>> A.mish(x).sum().backward()
>>> x.grad
tensor([0.0592, 0.6000, 1.0000])
>>> torch.nn.Sequential(torch.nn.Linear(3, 4), A.Mish(), A.Swish(num_parameters=4), A.PReLU())
Sequential(
  (0): Linear(in_features=3, out_features=4, bias=True)
  (1): Mish()
  (2): Swish(num_parameters=4)
  (3): PReLU(num_parameters=1)
)
"""

from __future__ import annotations

from typing import Any

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    message = 'actfn.torch needs PyTorch: pip install "actfn[torch]"'
    raise ModuleNotFoundError(message, name=error.name) from None

from actfn.activation import get
from actfn.catalogue import names
from actfn.frontends.names import class_name
from actfn.frontends.torch_functions import function_of
from actfn.frontends.torch_modules import module_of
from actfn.frontends.torch_replace import replace
from actfn.torch import init

functions = {name: function_of(get(name)) for name in names()}
modules = {class_name(name): module_of(get(name)) for name in names()}
globals().update({**functions, **modules})

__all__ = ["init", "replace", *functions, *modules]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    import difflib

    close = difflib.get_close_matches(name, __all__, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close and not name.startswith("_") else ""
    raise AttributeError(f"module 'actfn.torch' has no attribute {name!r}{hint}")
