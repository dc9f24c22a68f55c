"""Calls that ``torch.compile`` keeps as they are: of what it looks into, it overlooks the derivatives stated for ``torch.func``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

# Without it the long way is always taken.
transforming = getattr(torch._C, "_are_functorch_transforms_active", lambda: True)
_whole: list[Callable[..., Any]] = []


def differentiating() -> bool:
    """Tell whether a transformation of ``torch.func`` or forward mode is at work."""
    return bool(transforming()) or torch.autograd.forward_ad._current_level >= 0


def kept_whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let the compiler keep the calls of a function that stand behind ``differentiating() and ready()``."""
    _whole.append(function)
    return function


def ready() -> bool:
    """Tell the compiler, while it compiles, which calls it keeps."""
    for function in _whole:
        torch.compiler.allow_in_graph(function)  # type: ignore[no-untyped-call]
    return True


# The decorators that set this, and the above before it is needed, would import the compiler.
ready._dynamo_marked_constant = True  # type: ignore[attr-defined]
