"""Networks and experiments: what an activation function does in training."""

from .comparison import Outcome, Run, Settings, compare
from .network import Activate, Dense, Network, forward_gain
from .training import Adam, Measurement, measure, train

__all__ = [
    "Activate",
    "Adam",
    "Dense",
    "Measurement",
    "Network",
    "Outcome",
    "Run",
    "Settings",
    "compare",
    "forward_gain",
    "measure",
    "train",
]
