"""The same network trained with each of several activations, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

import actfn
from actfn import catalogue

from .data import bundled_digits, digits
from .network import Array, Network
from .training import Measurement, train

LEARNING_RATE = 1e-3
BATCH = 32


# The kinds of function that can stand between two dense layers as they are.
TRAINED = ("elementwise", "simplex", "grouped", "gated")


def trained_names() -> tuple[str, ...]:
    """Return the names of the functions that networks are trained with unless others are named.

    Examples
    --------
    >>> "mish" in trained_names(), "dice" in trained_names()
    (True, False)
    """
    return catalogue.common_names()


@dataclass(frozen=True)
class Settings:
    """What is trained: which functions, how large a network, how long, from which seeds.

    Raises
    ------
    ValueError, TypeError
        One sentence, naming the option and what was given.

    Examples
    --------
    >>> Settings(("SiLU", "relu"), depth=2, width=8, epochs=1, seed=5, seeds=2).seed_list
    (5, 6)
    >>> Settings(None, depth=0)
    Traceback (most recent call last):
    ...
    ValueError: depth must be at least 1, not 0
    """

    functions: tuple[str, ...] | None = None
    depth: int = 3
    width: int = 64
    epochs: int = 15
    seed: int = 0
    seeds: int = 3

    def __post_init__(self) -> None:
        for option, least in {"depth": 1, "width": 1, "epochs": 1, "seed": 0, "seeds": 1}.items():
            value = getattr(self, option)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{option} must be an integer, not {value!r}")
            if value < least:
                raise ValueError(f"{option} must be at least {least}, not {value}")
        names = trained_names() if self.functions is None else self.functions
        resolved = tuple(dict.fromkeys(actfn.get(name).name for name in names))
        for name in resolved:
            if actfn.get(name).kind not in TRAINED:
                raise ValueError(f"{name} is {actfn.get(name).kind}: the networks take {', '.join(TRAINED)} functions")
            if catalogue.find(name).reduces:
                raise ValueError(f"{name} gives one number for a row: the networks take functions from row to row")
        if not resolved:
            raise ValueError("functions must name at least one activation")
        object.__setattr__(self, "functions", resolved)

    @property
    def names(self) -> tuple[str, ...]:
        """The functions' own names, each once."""
        return self.functions or ()

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds of the runs of each function."""
        return tuple(range(self.seed, self.seed + self.seeds))


@dataclass(frozen=True)
class Run:
    """One network's training: a measurement for every epoch, and the learnt parameters' final values."""

    measurements: tuple[Measurement, ...]
    learnt: Mapping[str, Array]


@dataclass(frozen=True)
class Outcome:
    """All runs of one function; equal seeds give equal runs. The time they took is not part of the comparison."""

    name: str
    runs: tuple[Run, ...]
    seconds: float

    @cached_property
    def accuracies(self) -> tuple[float, ...]:
        """Final test accuracy of each run."""
        return tuple(run.measurements[-1].test_accuracy for run in self.runs)

    @property
    def accuracy(self) -> float:
        """Mean final test accuracy."""
        return float(np.mean(self.accuracies))

    @property
    def spread(self) -> float | None:
        """Standard deviation of the final test accuracies over the seeds; None for a single run."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.runs) > 1 else None

    @property
    def loss(self) -> float:
        """Mean final training loss."""
        return float(self.curve("loss")[:, -1].mean())

    def curve(self, attribute: str) -> Array:
        """One measured attribute, runs by epochs."""
        return np.array([[getattr(now, attribute) for now in run.measurements] for run in self.runs])

    def gradient_norms(self, epoch: int) -> Array:
        """Gradient norm of each layer's weights at an epoch, geometric mean over the runs."""
        norms = np.array([run.measurements[epoch].gradient_norms for run in self.runs])
        with np.errstate(divide="ignore"):  # a gradient that underflowed to zero stays zero
            return np.asarray(np.exp(np.log(norms).mean(axis=0)))

    @property
    def gradient_ratio(self) -> float:
        """Gradient norm of the first layer over that of the last, before the first step."""
        norms = self.gradient_norms(0)
        return float(norms[0] / norms[-1]) if norms[-1] > 0 else float("nan")

    @property
    def dead(self) -> float | None:
        """Mean share of dead units at the end, where the function has such a thing."""
        return self._share("dead")

    @property
    def saturated(self) -> float | None:
        """Mean share of saturated entries at the end, where the function has such a thing."""
        return self._share("saturated")

    def _share(self, attribute: str) -> float | None:
        shares = [getattr(run.measurements[-1], attribute) for run in self.runs]
        return None if None in shares else float(np.mean(shares))

    @property
    def diverged(self) -> int:
        """In how many runs the loss stopped being finite."""
        return sum(not np.isfinite(run.measurements[-1].loss) for run in self.runs)


def compare(
    settings: Settings, after_epoch: Callable[[str, int], None] = lambda name, seed: None
) -> tuple[Outcome, ...]:
    """Train every function from every seed on the digits, best mean test accuracy first.

    A seed decides the split into training and test samples, the initial weights and the order of the mini-batches,
    so all functions meet the same ones. BLAS runs in one thread, which is quicker for matrices this small, and the
    same machine repeats every bit; another processor may differ in the last ones.

    Parameters
    ----------
    settings : Settings
    after_epoch : callable
        Called with the function's name and the seed after each measurement, ``epochs + 1`` times a run.

    Examples
    --------
    >>> settings = Settings(("tanh",), depth=1, width=8, epochs=1, seeds=2)
    >>> [outcome] = compare(settings)
    >>> outcome.name, len(outcome.runs), outcome.curve("loss").shape
    ('tanh', 2, (2, 2))
    """
    bundled_digits()  # tells at once if scikit-learn is missing
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    outcomes = []
    with threadpool_limits(limits=1, user_api="blas"):
        for name in settings.names:
            start = time.perf_counter()
            runs = tuple(one_run(settings, name, seed, after_epoch) for seed in settings.seed_list)
            outcomes.append(Outcome(name, runs, seconds=time.perf_counter() - start))
    return tuple(sorted(outcomes, key=lambda outcome: -outcome.accuracy))


def one_run(settings: Settings, name: str, seed: int, after_epoch: Callable[[str, int], None]) -> Run:
    """Train one network from one seed."""
    data = digits(seed)
    initial, order = np.random.default_rng(seed).spawn(2)
    network = Network.dense(
        actfn.get(name),
        inputs=data.train.shape[1],
        classes=data.classes,
        depth=settings.depth,
        width=settings.width,
        rng=initial,
    )
    measurements = []
    for now in train(network, data, epochs=settings.epochs, rng=order, learning_rate=LEARNING_RATE, batch=BATCH):
        measurements.append(now)
        after_epoch(name, seed)
    return Run(tuple(measurements), network.learnt())
