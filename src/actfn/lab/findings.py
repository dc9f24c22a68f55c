"""What the measurements say about each function, in one plain sentence or two."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .comparison import Outcome

VANISHING = 1e-3
NOTABLE_DEAD = 0.01
NOTABLE_SATURATED = 0.2


def finding(outcome: Outcome, outcomes: Sequence[Outcome], *, classes: int = 10) -> str:
    """How well a function learnt compared with the best of `outcomes`, and what stands out in its network.

    Examples
    --------
    >>> from actfn.lab.comparison import Settings, compare
    >>> outcomes = compare(Settings(("relu",), depth=1, width=16, epochs=5, seeds=2))
    >>> finding(outcomes[0], outcomes).startswith("Reached")
    True
    """
    remarks = [success(outcome, outcomes, classes), gradient_flow(outcome), unit_state(outcome), learnt(outcome)]
    return " ".join(remark for remark in remarks if remark)


def success(outcome: Outcome, outcomes: Sequence[Outcome], classes: int) -> str:
    """The test accuracy, beside chance and beside the best."""
    reached = percent(outcome.accuracy)
    if outcome.diverged:
        return f"Diverged: in {outcome.diverged} of {len(outcome.runs)} runs the loss stopped being a finite number."
    if outcome.accuracy < 2 / classes:
        return f"Did not learn: {reached} is about what guessing gives."
    best = max(outcomes, key=lambda other: other.accuracy)
    if outcome is best:
        return f"Reached {reached}" + (", the highest mean here." if len(outcomes) > 1 else ".")
    behind = f"{100 * (best.accuracy - outcome.accuracy):.1f} points below {best.name}"
    if outcome.spread is None or best.spread is None:
        return f"Reached {reached}, {behind}."
    if best.accuracy - outcome.accuracy <= math.hypot(best.spread, outcome.spread):
        return f"Reached {reached}, level with {best.name} within the spread over seeds."
    return f"Reached {reached}, {behind}."


def gradient_flow(outcome: Outcome) -> str:
    """Whether the gradient reaches the first layer."""
    ratio = outcome.gradient_ratio
    if not math.isfinite(ratio) or VANISHING <= ratio <= 1 / VANISHING:
        return ""
    if ratio == 0:
        return "Its gradient vanishes entirely: none arrives at the first layer."
    word = "vanishes" if ratio < 1 else "explodes"
    return f"Its gradient {word}: before training, the first layer's is {ratio:.0e} times the last layer's."


def unit_state(outcome: Outcome) -> str:
    """Dead units and saturated entries, where there are many."""
    if outcome.diverged:
        return ""
    remarks = []
    if outcome.dead is not None and outcome.dead >= NOTABLE_DEAD:
        remarks.append(f"{percent(outcome.dead)} of its units are dead, with no slope on any training sample.")
    if outcome.saturated is not None and outcome.saturated >= NOTABLE_SATURATED:
        remarks.append(f"At {percent(outcome.saturated)} of its outputs the slope is next to zero.")
    return " ".join(remarks)


def learnt(outcome: Outcome) -> str:
    """Where the learnt parameters ended."""
    remarks = []
    for name in outcome.runs[0].learnt:
        values = np.concatenate([run.learnt[name] for run in outcome.runs])
        if np.isfinite(values).all():
            span = f"{values.min():.2f} to {values.max():.2f}, {values.mean():.2f} on average"
            remarks.append(f"Its learnt {name} ended at {span}.")
    return " ".join(remarks)


def percent(share: float | None) -> str:
    """A share as a percentage with one decimal, or a dash.

    Examples
    --------
    >>> percent(0.98765), percent(None)
    ('98.8%', '–')
    """
    return "–" if share is None else f"{100 * share:.1f}%"
