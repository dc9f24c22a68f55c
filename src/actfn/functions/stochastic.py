"""Functions that noise is drawn for in training."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import NON_NEGATIVE, POSITIVE, REALS, Interval, Kink, Parameter, elementwise, stochastic
from actfn.functions.rectifiers import prelu
from actfn.functions.simplex import softmax
from actfn.functions.spelling import Spelling

SIGMA = Parameter("sigma", None, NON_NEGATIVE, "the standard deviation of the noise; may be learnt", example=0.5)


@stochastic(
    hot=False,
    tags=("rectifier", "monotone", "piecewise_linear", "stochastic"),
    papers=(
        "Xu, Wang, Chen & Li 2015, Empirical evaluation of rectified activations in convolutional network, arXiv:1505.00853",
    ),
    names={
        "torch": tuple(
            Spelling(
                call,
                ignores=("training",) if "training" in call else (),
                note="the noise comes from PyTorch's own generator",
            )
            for call in (
                "torch.nn.functional.rrelu(input, lower=1/8, upper=1/3, training=False, inplace=False)",
                "torch.nn.RReLU(lower=1/8, upper=1/3, inplace=False)(x)",
            )
        ),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.activations.rrelu(x, lower=0.125, upper=1/3, training=None)", ignores=("training",)
        ),
    },
    parameters=(
        Parameter("lower", 1 / 8, REALS, "the smallest slope for x <= 0"),
        Parameter("upper", 1 / 3, REALS, "the largest slope for x <= 0"),
    ),
)
class rrelu:
    """A leaky relu with a random slope for each negative input, and with the mean slope in evaluation."""

    function, enters, noise = prelu, "alpha", "uniform"
    inputs = ("x", "slope")

    def formula(m: Any, x: Any, slope: Any) -> Any:
        return m.where(x > 0, x, slope * x)

    def bounds(lower: float, upper: float) -> dict[str, float]:
        return {"low": lower, "high": upper}

    def expected(lower: float, upper: float) -> float:
        return (lower + upper) / 2

    def check(lower: float, upper: float) -> None:
        if not (isinstance(lower, (int, float)) and isinstance(upper, (int, float)) and lower <= upper):
            raise ValueError(
                f"rrelu: lower must be a number and at most upper, got lower={lower!r} and upper={upper!r}"
            )

    def range(lower: float, upper: float) -> Interval:
        return REALS if upper > 0 else NON_NEGATIVE

    def kinks(lower: float, upper: float) -> tuple[Kink, ...]:
        mean = (lower + upper) / 2
        return () if mean == 1 else (Kink(0.0, mean, 1.0, chosen=mean),)


@stochastic(
    hot=False,
    tags=("rectifier", "learnable", "stochastic"),
    papers=(
        (
            "Shridhar, Lee, Hayashi, Mehta, Iwana, Kang, Uchida, Ahmed & Dengel 2019, ProbAct: a probabilistic activation "
            "function for deep neural networks, arXiv:1905.10761"
        ),
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.ProbAct()(x)",
            note="sigma is learnt, from 0 on, and there is noise in evaluation too",
        ),
    },
    parameters=(SIGMA,),
)
class probact:
    """relu(x) plus normal noise whose strength may be learnt; relu in evaluation."""

    enters, noise = "noise", "normal"
    inputs = ("x", "noise")

    @elementwise(parameters=(SIGMA, Parameter("noise", 0.0, REALS, "a standard normal number")))
    class function:
        """relu(x) + sigma noise."""

        def formula(m: Any, x: Any, sigma: Any, noise: Any) -> Any:
            return m.where(x > 0, x, 0) + sigma * noise

        def value(m: Any, x: Any, sigma: Any, noise: Any) -> Any:
            return m.round(m.pair(m.where(x > 0.0, x, constant(m, x, 0.0))) + m.product(sigma, noise))

        def first(m: Any, x: Any, sigma: Any, noise: Any) -> Any:
            return m.where(x > 0.0, 1.0, constant(m, x, 0.0))

        def second(m: Any, x: Any, sigma: Any, noise: Any) -> Any:
            return constant(m, x, 0.0)

        def partial_sigma(m: Any, x: Any, sigma: Any, noise: Any) -> Any:
            return constant(m, x, noise)

        def partial_noise(m: Any, x: Any, sigma: Any, noise: Any) -> Any:
            return constant(m, x, sigma)

        def range(sigma: float, noise: float) -> Interval:
            return REALS

    def formula(m: Any, x: Any, noise: Any, sigma: Any) -> Any:
        return m.where(x > 0, x, 0) + sigma * noise

    def bounds(sigma: float) -> dict[str, float]:
        return {}

    def expected(sigma: float) -> float:
        return 0.0

    def range(sigma: float) -> Interval:
        return REALS if sigma > 0 else NON_NEGATIVE

    def kinks(sigma: float) -> tuple[Kink, ...]:
        return (Kink(0.0, 0.0, 1.0, chosen=0.0),)


@stochastic(
    hot=False,
    tags=("probability", "smooth", "stochastic"),
    papers=(
        "Jang, Gu & Poole 2016, Categorical reparameterization with Gumbel-softmax, arXiv:1611.01144",
        (
            "Maddison, Mnih & Teh 2016, The concrete distribution: a continuous relaxation of discrete random variables, "
            "arXiv:1611.00712"
        ),
    ),
    names={
        "torch": Spelling(
            "torch.nn.functional.gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1)",
            means={"dim": "axis"},
            ignores=("hard", "eps"),
            note="the noise comes from PyTorch's own generator",
        ),
        "x_transformers": Spelling(
            "x_transformers.attend.Attend(gumbel_softmax=False, gumbel_softmax_temp=1.0, gumbel_softmax_hard=True)(q)",
            part="with gumbel_softmax = True, in place of softmax in attention",
        ),
    },
    parameters=(Parameter("tau", 1.0, POSITIVE, "the temperature: a sample tends to one-hot as it falls"),),
)
class gumbel_softmax:
    """softmax((x + noise) / tau) with Gumbel noise: a differentiable sample of a category, whose probabilities are softmax(x)."""

    rows, along_axis, noise = softmax, True, "gumbel"
    inputs = ("x", "noise")

    def formula(m: Any, x: Any, noise: Any, tau: Any) -> Any:
        return m.exp((x + noise) / tau) / m.total(m.exp((x + noise) / tau))

    def bounds(tau: float) -> dict[str, float]:
        return {}

    def range(tau: float) -> Interval:
        return Interval(0.0, 1.0, True, True)
