"""Train one small network on scikit-learn's digits with several activations of actfn.keras; save and load it.

    KERAS_BACKEND=jax python examples/keras_digits.py

The learnt activations (swish, prelu, maxout) have their parameters trained along with the weights.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np
from keras.layers import Dense
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import actfn.keras as A

A.register()
HIDDEN, EPOCHS = 64, 12
LAYERS = {
    "relu": lambda: [Dense(HIDDEN, activation="actfn>relu")],
    "mish": lambda: [Dense(HIDDEN, activation="actfn>mish")],
    "swish": lambda: [Dense(HIDDEN), A.Swish(channel_axis=-1)],
    "prelu": lambda: [Dense(HIDDEN), A.PReLU()],
    "maxout": lambda: [A.Maxout(HIDDEN, pieces=2)],
}


def main() -> None:
    """Train each network, and print its accuracy on the test set after it was saved and loaded."""
    digits = load_digits()
    pixels = (digits.data / 8 - 1).astype(np.float32)
    x, x_test, y, y_test = train_test_split(
        pixels, digits.target, test_size=0.25, random_state=0, stratify=digits.target
    )
    for name, hidden in LAYERS.items():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((64,)), *hidden(), *hidden(), Dense(10, activation="actfn>softmax")])
        model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=EPOCHS, batch_size=64, verbose=0)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder) / "digits.keras")
            loaded = keras.models.load_model(Path(folder) / "digits.keras")
        correct = np.mean(loaded.predict(x_test, verbose=0).argmax(1) == y_test)
        print(f"{name:8} {100 * correct:.1f} %")


if __name__ == "__main__":
    main()
