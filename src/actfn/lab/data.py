"""Real data without a download: the handwritten digits that scikit-learn brings along."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from .network import Array, Labels


@dataclass(frozen=True)
class Data:
    """Samples as rows, and the class of each."""

    train: Array
    train_labels: Labels
    test: Array
    test_labels: Labels
    classes: int


def digits(seed: int) -> Data:
    """The 1,797 digits of 8 by 8 pixels: a fifth, chosen by `seed`, for the test, the rest for training.

    Each pixel loses its mean over the training samples; then all are divided by one number, so that their variance
    is one over all pixels.

    Raises
    ------
    ModuleNotFoundError
        When scikit-learn is missing; the message says how to get it.

    Examples
    --------
    >>> data = digits(seed=0)
    >>> data.train.shape, data.test.shape, data.classes
    ((1438, 64), (359, 64), 10)
    >>> round(float(data.train.var()), 6)
    1.0
    """
    pixels, labels = bundled_digits()
    order = np.random.default_rng(seed).permutation(len(labels))
    held_out = len(labels) // 5
    test, train = order[:held_out], order[held_out:]
    centred = pixels - pixels[train].mean(axis=0)
    scaled = centred / centred[train].std()
    return Data(scaled[train], labels[train], scaled[test], labels[test], classes=10)


@cache
def bundled_digits() -> tuple[Array, Labels]:
    """Pixels and labels as scikit-learn stores them."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            'the digits come with scikit-learn, which is missing: pip install "actfn[demo]"', name=missing.name
        ) from missing
    pixels, labels = load_digits(return_X_y=True)
    return pixels, labels
