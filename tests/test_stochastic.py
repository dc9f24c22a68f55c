"""Functions with noise, and dice: the noise has the stated distribution, and value and gradient are exact for a given sample."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from reference import FLOATS, Array, long, same_bits, worst

import actfn

mpf = mpmath.mpf
NAMES = ("rrelu", "probact", "gumbel_softmax")
GIVEN: dict[str, dict[str, Any]] = {"rrelu": {}, "probact": {"sigma": 0.75}, "gumbel_softmax": {"tau": 0.75}}
COUNT = 200_000
# A mean of so many numbers is further from the expectation than this many standard errors once in 500 million trials.
FAR = 6.0


def exactly(values: Any) -> Array:
    return np.array([long(mpmath.nstr(value, 25)) for value in values])


def within(values: Array, mean: float, variance: float) -> bool:
    """Tell whether the mean of values is as near to the expectation as chance allows."""
    return abs(float(np.mean(values)) - mean) <= FAR * math.sqrt(variance / values.size)


# For each sample its mean, variance and fourth central moment.
GUMBEL = float(mpmath.euler), math.pi**2 / 6, 27 / 5 * (math.pi**2 / 6) ** 2
UNIFORM = (1 / 8 + 1 / 3) / 2, (1 / 3 - 1 / 8) ** 2 / 12, (1 / 3 - 1 / 8) ** 4 / 80
MOMENTS = {"rrelu": UNIFORM, "probact": (0.0, 1.0, 3.0), "gumbel_softmax": GUMBEL}


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("name", NAMES)
def test_the_noise_has_the_exact_moments(name: str, library: str) -> None:
    mean, variance, fourth = MOMENTS[name]
    x, rng = np.zeros(COUNT), np.random.default_rng(5)
    if library == "numpy":
        noise = actfn.get(name).sample(x, rng, **GIVEN[name])
    elif library == "torch":
        torch = pytest.importorskip("torch")
        generator = torch.Generator().manual_seed(5)
        noise = actfn.get(name).sample(torch.tensor(x), generator, **GIVEN[name]).numpy()
    else:
        jax = pytest.importorskip("jax")
        noise = np.asarray(actfn.get(name).sample(jax.numpy.asarray(x), jax.random.key(5), **GIVEN[name]), float)
    assert noise.shape == x.shape
    assert within(noise, mean, variance)
    assert within((noise - mean) ** 2, variance, fourth - variance**2)
    # Neighbours are independent: their products have the mean 0.
    assert within((noise[1:] - mean) * (noise[:-1] - mean), 0.0, variance**2)


def test_the_moments_of_the_values() -> None:
    rng = np.random.default_rng(1)
    x = np.full(COUNT, -3.0)
    slope, spread, _ = UNIFORM
    y = actfn.rrelu(x, rng=rng)
    assert within(y, -3 * slope, 9 * spread)
    assert float(actfn.rrelu(-3.0)) == pytest.approx(-3 * slope, rel=1e-15)
    noisy = actfn.probact(np.full(COUNT, 2.0), rng=rng, sigma=0.5)
    assert within(noisy, 2.0, 0.25)
    assert within((noisy - 2) ** 2, 0.25, 2 * 0.5**4)


def test_hard_samples_have_the_probabilities_of_softmax() -> None:
    scores = np.array([0.0, 1.0, -1.0, 2.0])
    rows = np.broadcast_to(scores, (COUNT, 4))
    for tau in (0.25, 2.0):
        drawn = actfn.gumbel_softmax(rows, rng=np.random.default_rng(7), hard=True, tau=tau)
        assert np.array_equal(np.unique(drawn), [0.0, 1.0])
        assert np.array_equal(drawn.sum(axis=-1), np.ones(COUNT))
        for column, p in zip(drawn.T, actfn.softmax(scores)):
            assert within(column, p, p * (1 - p))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_result(name: str) -> None:
    function, parameters = actfn.get(name), GIVEN[name]
    x = np.random.default_rng(0).normal(size=(3, 4))
    first, second, other = (function(x, rng=np.random.default_rng(seed), **parameters) for seed in (4, 4, 5))
    assert same_bits(first, second) and not same_bits(first, other)
    noise = function.sample(x, np.random.default_rng(4), **parameters)
    assert same_bits(function(x, sample=noise, **parameters), first)
    rng = np.random.default_rng(4)
    function(x, rng=rng, **parameters)
    assert not same_bits(function(x, rng=rng, **parameters), first)
    # Nothing is drawn from NumPy's common generator.
    before = np.random.get_state()[1].copy()
    function(x, rng=np.random.default_rng(4), **parameters)
    assert np.array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_values_and_gradients_for_a_sample_are_exact(dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(0)
    x, g = (rng.normal(size=(2, 500)) * 2.0 ** rng.integers(-8, 8, (2, 500))).astype(dtype)
    bound = 2.0 if dtype == np.float64 else 0.5001
    exact = [[Fraction(float(v)) for v in array] for array in (x, g)]

    def rounded(values: list[Fraction]) -> Array:
        return np.array([long(f"{v.numerator}") / long(f"{v.denominator}") for v in values])

    slopes = actfn.rrelu.sample(x, np.random.default_rng(1))
    assert slopes.dtype == dtype
    by_slope = [Fraction(float(s)) for s in slopes]
    expected = [a if a > 0 else s * a for a, s in zip(exact[0], by_slope)]
    assert worst(actfn.rrelu(x, sample=slopes), rounded(expected)) <= bound
    expected = [c if a > 0 else s * c for a, s, c in zip(exact[0], by_slope, exact[1])]
    assert worst(actfn.rrelu.vjp(x, g, sample=slopes), rounded(expected)) <= bound

    noise = actfn.probact.sample(x, np.random.default_rng(1), sigma=0.375)
    drawn = [Fraction(float(e)) for e in noise]
    expected = [max(a, Fraction(0)) + Fraction(3, 8) * e for a, e in zip(exact[0], drawn)]
    assert worst(actfn.probact(x, sample=noise, sigma=0.375), rounded(expected)) <= bound
    expected = [c if a > 0 else Fraction(0) for a, c in zip(*exact)]
    assert worst(actfn.probact.vjp(x, g, sample=noise, sigma=0.375), rounded(expected)) <= bound


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_gumbel_softmax_for_a_sample_is_exact(dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 20, 5)).astype(dtype)
    noise, tau = actfn.gumbel_softmax.sample(x, rng), 0.625
    y, back = actfn.gumbel_softmax(x, sample=noise, tau=tau), actfn.gumbel_softmax.vjp(x, g, sample=noise, tau=tau)
    assert y.dtype == back.dtype == dtype
    for row, noises, cotangents, got, got_back in zip(x, noise, g, y, back):
        with mpmath.workprec(200):
            e = [mpmath.exp((mpf(float(a)) + mpf(float(b))) / mpf(tau)) for a, b in zip(row, noises)]
            p = [one / sum(e) for one in e]
            c = [mpf(float(v)) for v in cotangents]
            mean = sum(a * b for a, b in zip(p, c))
            gradient = [a * (b - mean) / mpf(tau) for a, b in zip(p, c)]
            size = max(abs(one) for one in gradient)
        if dtype == np.float64:
            # Rounding the sum of x and the noise is as good as noise that is next to it.
            assert worst(got, exactly(p)) <= 3 + 2 * np.abs(row + noises).max() / tau
            assert np.abs(got_back.astype(np.longdouble) - exactly(gradient)).max() <= float(size) * 1e-14
        else:
            assert max(worst(got, exactly(p)), worst(got_back, exactly(gradient))) <= 0.501


def test_evaluation_has_no_noise() -> None:
    x, rng = np.linspace(-3, 3, 7), np.random.default_rng(0)
    assert same_bits(actfn.rrelu(x), actfn.prelu(x, alpha=(1 / 8 + 1 / 3) / 2))
    assert same_bits(actfn.probact(x, sigma=2.0), actfn.relu(x))
    assert same_bits(actfn.gumbel_softmax(x, tau=0.5), actfn.softmax(x / 0.5))
    for name in NAMES:
        function, parameters = actfn.get(name), GIVEN[name]
        state = rng.bit_generator.state
        assert same_bits(function(x, rng=rng, training=False, **parameters), function(x, **parameters))
        assert rng.bit_generator.state == state
        g = np.arange(7.0)
        noise = function.sample(x, np.random.default_rng(0), **parameters)
        plain = function.vjp(x, g, **parameters)
        assert same_bits(function.vjp(x, g, sample=noise, training=False, **parameters), plain)
    assert same_bits(actfn.rrelu.vjp(x, 1.0), actfn.prelu.derivative(x, alpha=(1 / 8 + 1 / 3) / 2))


def test_hard_samples_keep_the_soft_gradient() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    x, noise = np.random.default_rng(0).normal(size=(2, 3, 4))
    g = np.random.default_rng(1).normal(size=(3, 4))
    hard = actfn.gumbel_softmax(x, sample=noise, hard=True)
    assert np.array_equal(hard.argmax(-1), (x + noise).argmax(-1))
    expected = actfn.gumbel_softmax.vjp(x, g, sample=noise)
    tensor = torch.tensor(x, requires_grad=True)
    y = actfn.gumbel_softmax(tensor, sample=torch.tensor(noise), hard=True)
    y.backward(torch.tensor(g))
    assert np.array_equal(y.detach().numpy(), hard)
    np.testing.assert_allclose(tensor.grad.numpy(), expected, rtol=1e-12)
    got = jax.grad(lambda x: (actfn.gumbel_softmax(x, sample=noise, hard=True) * g).sum())(jax.numpy.asarray(x))
    np.testing.assert_allclose(got, expected, rtol=2e-5)
    assert np.isnan(actfn.gumbel_softmax([np.nan, 1.0], sample=np.zeros(2), hard=True)).all()


@pytest.mark.parametrize("name", NAMES)
def test_pytorch_and_jax_draw_from_their_own_generators(name: str) -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    function, parameters = actfn.get(name), GIVEN[name]
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    drawn = [function(torch.tensor(x), rng=torch.Generator().manual_seed(3), **parameters) for _ in range(2)]
    assert torch.equal(*drawn) and drawn[0].dtype == torch.float32
    state = torch.random.get_rng_state()
    function(torch.tensor(x), rng=torch.Generator().manual_seed(3), **parameters)
    assert torch.equal(torch.random.get_rng_state(), state)
    keyed = [np.asarray(function(jax.numpy.asarray(x), rng=jax.random.key(seed), **parameters)) for seed in (3, 3, 4)]
    assert np.array_equal(keyed[0], keyed[1]) and not np.array_equal(keyed[0], keyed[2])
    jitted = jax.jit(lambda x, key: function(x, rng=key, **parameters))(x, jax.random.key(3))
    np.testing.assert_allclose(jitted, keyed[0], rtol=1e-6)
    shared = np.random.default_rng(9), np.random.default_rng(9)
    theirs = function(torch.tensor(x), rng=shared[0], **parameters).numpy()
    np.testing.assert_allclose(theirs, function(x, rng=shared[1], **parameters), rtol=1e-6)
    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    noise = function.sample(x.astype(float), np.random.default_rng(2), **parameters)
    function(tensor, sample=torch.tensor(noise), **parameters).square().sum().backward()
    y = function(x.astype(float), sample=noise, **parameters)
    expected = function.vjp(x.astype(float), 2 * y, sample=noise, **parameters)
    np.testing.assert_allclose(tensor.grad.numpy(), expected, rtol=1e-11)


def test_the_strength_of_the_noise_is_learnt() -> None:
    x, noise, g = np.random.default_rng(0).normal(size=(3, 4, 5))
    got = actfn.probact.parameter_vjp(x, g, sample=noise, sigma=np.full(5, 0.5))
    np.testing.assert_allclose(got["sigma"], (g * noise).sum(0), rtol=1e-14)
    assert actfn.probact.parameter_vjp(x, g, sigma=0.5)["sigma"] == 0
    for name in ("rrelu", "gumbel_softmax"):
        with pytest.raises(TypeError, match=f"{name} has no parameters that a gradient"):
            actfn.get(name).parameter_vjp(x, g)


def test_mistakes_are_one_clear_sentence() -> None:
    x, rng = np.ones(3), np.random.default_rng(0)
    cases: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (TypeError, "rrelu needs noise in training: give rng=", lambda: actfn.rrelu(x, training=True)),
        (TypeError, "rrelu: give rng or sample, not both", lambda: actfn.rrelu(x, rng=rng, sample=x)),
        (TypeError, "rrelu: rng must be a numpy.random.Generator.*got 5", lambda: actfn.rrelu(x, rng=5)),
        (TypeError, "training must be True or False, got 'yes'", lambda: actfn.rrelu(x, training="yes")),
        (ValueError, r"the sample must have the shape \(3,\) of x, got \(2,\)", lambda: actfn.rrelu(x, sample=x[:2])),
        (ValueError, "at most upper, got lower=0.5 and upper=0.25", lambda: actfn.rrelu(x, lower=0.5, upper=0.25)),
        (TypeError, "probact needs sigma, for example sigma=0.5", lambda: actfn.probact(x)),
        (ValueError, r"probact: sigma must be in \[0, inf\), got -1", lambda: actfn.probact(x, sigma=-1)),
        (ValueError, r"gumbel_softmax: tau must be in \(0, inf\), got 0", lambda: actfn.gumbel_softmax(x, tau=0)),
        (ValueError, "tau is one number", lambda: actfn.gumbel_softmax(x, tau=np.ones(3))),
        (TypeError, "rrelu is not defined for dtype complex128", lambda: actfn.rrelu(x + 0j, rng=rng)),
        (TypeError, r"rrelu depends on noise.*rrelu.vjp\(x, g, sample=", lambda: actfn.rrelu.derivative(x)),
        (TypeError, "rrelu has no parameter 'alpha'", lambda: actfn.rrelu(x, alpha=1.0)),
        (TypeError, "dice needs mean= and variance= in evaluation", lambda: actfn.dice(x)),
        (
            TypeError,
            "in training mean and variance are those",
            lambda: actfn.dice(x, training=True, mean=0.0, variance=1.0),
        ),
        (
            ValueError,
            r"alpha must be one number or 3.*got shape \(2,\)",
            lambda: actfn.dice(x, training=True, alpha=[1, 2]),
        ),
        (ValueError, r"x of shape \(\) has no axis -1 of channels", lambda: actfn.dice(1.0, training=True)),
        (TypeError, "dice is not defined for dtype complex128", lambda: actfn.dice(x + 0j, training=True)),
        (TypeError, "dice depends on a whole batch", lambda: actfn.dice.derivative(x)),
    ]
    for kind, pattern, call in cases:
        with pytest.raises(kind, match=pattern) as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [*NAMES, "dice"])
def test_they_are_values(name: str) -> None:
    function = actfn.get(name).with_parameters(**GIVEN.get(name, {"alpha": 0.25}))
    assert pickle.loads(pickle.dumps(function)) == function
    assert type(pickle.loads(pickle.dumps(function))) is type(function)
    assert hash(function) == hash(pickle.loads(pickle.dumps(function)))
    assert function.formula and function.latex() and str(function.range)


# dice: exact against the definition, in training through the statistics.
def exact_dice(x: Array, alpha: list[Any], epsilon: Any, statistics: Any = None) -> list[list[Any]]:
    rows = [[mpf(float(v)) for v in row] for row in x]
    columns = list(zip(*rows))
    if statistics is None:
        means = [sum(column) / len(column) for column in columns]
        variances = [sum((v - m) ** 2 for v in column) / len(column) for column, m in zip(columns, means)]
    else:
        means, variances = statistics

    def one(v: Any, k: int) -> Any:
        p = 1 / (1 + mpmath.exp(-(v - means[k]) / mpmath.sqrt(variances[k] + epsilon)))
        return p * v + (1 - p) * alpha[k] * v

    return [[one(v, k) for k, v in enumerate(row)] for row in rows]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("training", [False, True])
def test_dice_is_exact(training: bool, dtype: np.dtype[Any]) -> None:
    x = (np.random.default_rng(0).normal(size=(8, 3)) * 2 + 1).astype(dtype)
    alpha = [0.0, 0.25, -0.5]
    known = {} if training else {"mean": np.array([0.5, 1.0, 2.0]), "variance": np.array([1.0, 4.0, 0.25])}
    got = actfn.dice(x, alpha=alpha, training=training, **known)
    assert got.dtype == dtype
    with mpmath.workprec(200):
        statistics = None if training else [[mpf(float(v)) for v in known[name]] for name in ("mean", "variance")]
        expected = exact_dice(x, [mpf(a) for a in alpha], mpf(1e-8), statistics)
        assert worst(got, exactly(v for row in expected for v in row).reshape(8, 3)) <= (
            16 if dtype == np.float64 else 0.501
        )


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_the_gradient_of_dice_is_a_difference_quotient(axis: int, training: bool) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 3, 4, 5))
    channels = x.shape[axis]
    alpha = rng.normal(size=channels)
    known = (
        {"training": True} if training else {"mean": rng.normal(size=channels), "variance": rng.uniform(1, 2, channels)}
    )

    def loss(x: Array, alpha: Array) -> float:
        return float(np.sum(g * actfn.dice(x, axis, alpha=alpha, **known)))

    for got, array in (
        (actfn.dice.vjp(x, g, axis, alpha=alpha, **known), x),
        (actfn.dice.parameter_vjp(x, g, axis, alpha=alpha, **known)["alpha"], alpha),
    ):
        assert got.shape == array.shape
        quotient = np.empty(array.shape)
        for place in np.ndindex(array.shape):
            kept, at = array[place], []
            for k in (-2, -1, 1, 2):
                array[place] = kept + k * 1e-3
                at.append(loss(x, alpha))
            array[place] = kept
            quotient[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
        assert np.linalg.norm(got - quotient) <= 1e-9 * np.linalg.norm(quotient)


def test_dice_in_pytorch_and_jax() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=(2, 6, 4))
    for known in ({"training": True}, {"mean": rng.normal(size=4), "variance": rng.uniform(1, 2, 4)}):
        tensor = torch.tensor(x, requires_grad=True)
        y = actfn.dice(tensor, alpha=0.25, **known)
        y.backward(torch.tensor(g))
        np.testing.assert_allclose(y.detach().numpy(), actfn.dice(x, alpha=0.25, **known), rtol=1e-14)
        expected = actfn.dice.vjp(x, g, alpha=0.25, **known)
        np.testing.assert_allclose(tensor.grad.numpy(), expected, rtol=1e-11)
        np.testing.assert_allclose(
            actfn.dice.vjp(torch.tensor(x), torch.tensor(g), alpha=0.25, **known).numpy(), expected, rtol=1e-11
        )
        np.testing.assert_allclose(actfn.dice(jax.numpy.asarray(x), alpha=0.25, **known), y.detach().numpy(), rtol=1e-5)


def test_a_dice_layer_follows_its_batches() -> None:
    from actfn.layers import Dice

    layer, rng = Dice(3, alpha=0.25, momentum=0.5), np.random.default_rng(0)
    for _ in range(60):
        x = rng.normal(size=(500, 3)) * [1.0, 2.0, 3.0] + [0.0, 5.0, -5.0]
        y = layer.forward(x)
        assert same_bits(y, actfn.dice(x, alpha=0.25, training=True))
    assert np.all(np.abs(layer.mean - [0, 5, -5]) < FAR * np.array([1, 2, 3]) / math.sqrt(500))
    assert np.all(np.abs(layer.variance / [1, 4, 9] - 1) < FAR * math.sqrt(2 / 500))
    kept = layer.mean.copy()
    y = layer.forward(x, training=False)
    assert same_bits(layer.mean, kept)
    assert same_bits(y, actfn.dice(x, alpha=0.25, mean=layer.mean, variance=layer.variance))
    back = layer.backward(np.ones_like(x))
    assert same_bits(back, actfn.dice.vjp(x, 1.0, alpha=0.25, mean=layer.mean, variance=layer.variance))
    assert layer.gradients["alpha"].shape == (3,)
    for wrong in ({"channels": 0}, {"channels": 2, "momentum": 0.0}):
        with pytest.raises(ValueError, match="Dice: (channels|momentum) must be"):
            Dice(**wrong)
    with pytest.raises(ValueError, match="forward"):
        Dice(2).backward(np.ones(2))
