"""The largest of each group of a PyTorch tensor, with its derivative."""

from __future__ import annotations

import torch

Tensor = torch.Tensor


def largest(groups: Tensor, member: int) -> Tensor:
    """Return the largest along an axis: its derivative is 1 at the first of equals, and NaN at NaN."""
    value = groups.max(member).values
    return value * torch.where(value.isnan(), float("nan"), 1.0).to(value.dtype)


def maxout(x: Tensor, group_size: int, dim: int, grouping: str) -> Tensor:
    """Return the largest of each group along an axis, whose length is a multiple of the group's size."""
    dim %= x.ndim
    contiguous = grouping == "contiguous"
    return largest(x.unflatten(dim, (-1, group_size) if contiguous else (group_size, -1)), dim + contiguous)
