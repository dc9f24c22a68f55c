"""EIS, the family of an exponential, an inverse square root and a softplus."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from actfn.functions.common import LIFT, UNLIFT, decaying, square_root
from actfn.functions.declare import INFINITY, NON_NEGATIVE, Interval, Parameter, elementwise
from actfn.functions.elementary import log1p_precise
from actfn.functions.spelling import Spelling

LARGEST = 1.7976931348623157e308
# Past this no exponential of float64 is above zero, and pairs do not overflow up to it.
NOTHING, ROOMY = -790.0, 1e200


class Softplus:
    """s = softplus(x), its logarithm, its derivatives, and x s'/s, with e = exp(-|x|): it is e times ``ratio`` left of 0.

    ``scale`` is a power of two by which x and s are taken where they are so large that a quotient of pairs loses bits.
    """

    def __init__(self, m: Any, x: Any, scale: Any) -> None:
        self.left = x < 0.0
        self.x, self.scale = x, scale
        # Left of -60 the ratio is 1, and e beside x nothing.
        self.e = m.exp_precise(m.pair(-m.minimum(m.abs(x), m.where(self.left, 60.0, 700.0))), 0.0)
        self.log1p = log1p_precise(m, self.e)
        self.ratio = self.log1p / self.e
        self.s = x * scale + self.log1p * scale
        self.logarithm = m.log_pair(m.where(self.left, self.ratio, x + self.log1p)) + m.where(self.left, x, 0.0)
        self.by_slope = (1.0 + self.e) * m.where(self.left, self.ratio, self.s)

    def elasticity(self, m: Any) -> Any:
        """Return x s'/s."""
        return m.pair(self.x * m.where(self.left, 1.0, self.scale)) / self.by_slope

    def logarithmic(self, m: Any) -> Any:
        """Return s'/s."""
        return m.pair(m.where(self.left, 1.0, self.scale)) / self.by_slope

    def curvature(self, m: Any) -> Any:
        """Return x s''/s."""
        numerator = m.where(self.left, 1.0, self.e) * (self.x * m.where(self.left, 1.0, self.scale))
        return numerator / (self.by_slope * (1.0 + self.e))

    def lag(self) -> Any:
        """Return x s'/s - 1 right of 0."""
        return -(self.x * self.scale * self.e / (1.0 + self.e) + self.log1p * self.scale) / self.s


class Parts:
    """The parts of x s^alpha / D with D = S + E, S = sqrt(beta + gamma x^2) and E = delta exp(-theta x).

    Left of 0 numerator and denominator are multiplied by exp(theta x), so that nothing overflows, and everywhere S and E by a
    scale. S is ``size`` times ``root``, and x is ``size`` times ``unit``. Where the result is below every number (``low``) all is as at 0.
    """

    def __init__(self, m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> None:
        self.alpha, self.beta, self.gamma, self.delta = alpha, beta, gamma, delta
        x = m.minimum(m.maximum(x, -LARGEST), LARGEST)
        self.low = (x < 0.0) & ((alpha + theta) * m.maximum(x, -1e300) < NOTHING)
        self.x = m.where(self.low, 0.0, x)
        far = m.abs(self.x) > ROOMY
        self.scale = m.where(far, 2.0**-400, 1.0)
        self.softplus = Softplus(m, self.x, self.scale)
        self.left = self.softplus.left
        # Where exp(-theta x) is nothing beside S it may be left out.
        self.spent = (self.x > 0.0) & (theta * m.minimum(self.x, 1e300) > -NOTHING)
        self.theta = theta
        self.t = m.where(self.spent, -NOTHING, m.product(theta, m.where(self.spent, 0.0, self.x)))
        self.decay, self.unlift_decay = decaying(m, -m.where(self.left, -self.t, self.t), "exp_precise")
        fall = self.decay * self.unlift_decay
        self.shrunk = m.where(self.left, fall, 1.0)
        size = m.abs(self.x)
        own = (gamma > 0.0) & ((size > 1.0) | ((beta == 0.0) & (size > 0.0)))
        self.size = m.where(own, size, 1.0)
        self.unit = m.where(own, m.copysign(1.0, self.x), self.x)
        unit = m.where(gamma > 0.0, self.unit, 0.0)
        near = m.where(beta == 0.0, 1.0, m.minimum(self.size, ROOMY))
        inner = m.pair(beta) / near / near + m.product(unit, unit) * gamma
        self.flat = m.high(inner) == 0.0
        # A root of 0 is never divided by.
        self.root = square_root(m, m.where(self.flat, 1.0, inner))
        s = m.where(self.flat, 0.0, self.root) * (self.size * self.scale) * self.shrunk
        self.exponential = m.where(self.left, 1.0, fall) * delta * self.scale
        self.denominator = s + self.exponential
        self.bend = m.where(beta == 0.0, 0.0, beta / self.root / near * self.shrunk * self.scale)

    def front(self, m: Any) -> tuple[Any, Any]:
        """Return s^alpha / D, and the factor of its lift."""
        exponent = self.softplus.logarithm * self.alpha + m.where(self.left, self.t, 0.0)
        power, unlift = decaying(m, exponent)
        # Far right s^alpha / D may be subnormal where its product with x is not.
        far = (self.scale < 1.0) & (self.alpha < 0.5)
        power = power * (self.scale * m.where(far, 2.0**200, 1.0))
        power = m.where((self.alpha == 1.0) & (self.x >= 0.0), self.softplus.s, power)
        return power / self.denominator, unlift * m.where(far, 2.0**-200, 1.0)

    def of_x(self, m: Any, factor: Any) -> Any:
        """Return factor x as a number."""
        inner = m.minimum(m.maximum(self.x, -1e290), 1e290)
        return m.where(m.abs(self.x) > 1e290, m.round(factor) * self.x, m.round(factor * inner))

    def falling(self) -> Any:
        """Return x D'/D - 1 as a pair, which cancels nothing right of 0."""
        return -(self.bend + (1.0 + self.t) * self.exponential) / self.denominator

    def growing(self, m: Any) -> Any:
        """Return s'/s alpha - D'/D as a pair."""
        unit = m.where(self.gamma > 0.0, self.unit, 0.0)
        slope = m.where(self.flat, 0.0, self.gamma * unit / self.root) * self.shrunk * self.scale
        direct = self.softplus.logarithmic(m) * self.alpha - (slope - self.exponential * self.theta) / self.denominator
        product = self.gamma * unit * unit / self.root * (self.size * self.scale) * self.shrunk
        elasticity = (m.where(self.flat, 0.0, product) - self.t * self.exponential) / self.denominator
        # Far right both logarithmic derivatives are next to 1/x.
        close = (self.x > 1.0) & (m.high(elasticity) > 0.5)
        apart = (m.sum(self.alpha, -1.0) + self.softplus.lag() * self.alpha - self.falling()) / m.where(
            close, self.x, 1.0
        )
        return m.where(close, apart, direct)

    def curved(self, m: Any) -> Any:
        """Return x D''/D as a pair."""
        size = m.maximum(self.size, 1.0)
        unit = m.where(self.gamma > 0.0, self.unit, 0.0)
        arc = self.bend * self.gamma * unit / (self.root * self.root) / m.minimum(size, ROOMY)
        return (
            m.where(self.beta == 0.0, 0.0, arc) + self.exponential * self.theta * self.theta * self.x
        ) / self.denominator


def straight_bend(m: Any, parts: Parts) -> tuple[Any, Any]:
    """Return where f is a line but for a tail that is nearly nothing, and the second derivative there.

    It is (exp(-x) - theta^2 E / sqrt(gamma) - beta / (gamma x^3)) / sqrt(gamma).
    """
    reach = m.where(parts.delta == 0.0, 1.0, m.minimum(parts.theta, 1.0))
    deep = (parts.beta == 0.0) & m.deep(-reach * m.minimum(parts.x, 1e300))
    there = (parts.alpha == 1.0) & (parts.gamma > 0.0) & (deep | (parts.x > 1e50))
    x = m.where(there, parts.x, 1e50)
    root = square_root(m, m.pair(m.where(there, parts.gamma, 1.0)))
    e, unlift = decaying(m, m.pair(-m.minimum(x, -NOTHING)))
    e = e * m.where(unlift < 1.0, 1.0, LIFT)
    decay = parts.decay * m.where(parts.unlift_decay < 1.0, 1.0, LIFT)
    near = m.minimum(x, 1e120)
    arc = m.pair(parts.beta * LIFT) / near / near / near / (root * root)
    return there, m.round((e - decay * parts.delta * parts.theta * parts.theta / root - arc) / root) * UNLIFT


class Given(NamedTuple):
    """The parameters of eis."""

    alpha: float
    beta: float
    gamma: float
    delta: float
    theta: float


@elementwise(
    hot=False,
    tags=("gated", "learnable"),
    papers=("Biswas, Kumar, Banerjee & Pandey 2020, EIS: a family of activation functions, arXiv:2009.13501",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.EIS(alpha, beta, gamma, delta, theta, version=0)(x)",
            requires={"version": 0},
            note="versions 1 to 3 are the paper's members, EIS-1 the default of actfn",
        )
    },
    parameters=(
        Parameter("alpha", 1.0, Interval(0.0, 1.0, True, True), "power of the softplus"),
        Parameter("beta", 0.0, NON_NEGATIVE, "under the root; not 0 where delta is"),
        Parameter("gamma", 1.0, NON_NEGATIVE, "weight of x^2 under the root; not 0 where beta is"),
        Parameter("delta", 1.16, NON_NEGATIVE, "weight of the exponential"),
        Parameter("theta", 1.0, NON_NEGATIVE, "steepness of the exponential"),
    ),
)
class eis:
    """x softplus(x)^alpha / (sqrt(beta + gamma x^2) + delta exp(-theta x)): by default its member EIS-1."""

    def formula(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        return x * m.log1p(m.exp(x)) ** alpha / (m.sqrt(beta + gamma * x**2) + delta * m.exp(-theta * x))

    def value(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        front, unlift = parts.front(m)
        result = m.where((x == INFINITY) & ((alpha > 0.0) | (gamma == 0.0)), x, parts.of_x(m, front) * unlift)
        return m.copysign(m.where(parts.low, 0.0, result), x)

    def first(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        front, unlift = parts.front(m)
        slope = m.round(front * (parts.softplus.elasticity(m) * alpha - parts.falling())) * unlift
        slope = m.where((x == INFINITY) & (alpha < 1.0) & (gamma > 0.0), 0.0, slope)
        return m.where(parts.low, -0.0, slope)

    def second(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        # D and its derivatives divided by D, s and its by s: x (s^alpha / D)'' + 2 (s^alpha / D)'.
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        front, unlift = parts.front(m)
        softplus = parts.softplus
        bent = (softplus.elasticity(m) * softplus.logarithmic(m) * m.sum(alpha, -1.0) + softplus.curvature(m)) * alpha
        bracket = bent - 2.0 * (parts.falling() * parts.growing(m)) - parts.curved(m)
        result = m.round(front * bracket) * unlift
        straight, tail = straight_bend(m, parts)
        return m.where(parts.low, -0.0, m.where(straight, tail, result))

    def partial_alpha(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        front, unlift = parts.front(m)
        return m.where(parts.low, 0.0, parts.of_x(m, front * parts.softplus.logarithm) * unlift)

    def partial_beta(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        front, lower = of_root(m, parts, parts.unit * parts.scale)
        return m.copysign(m.where(parts.low | parts.flat, 0.0, m.round(front) * lower), -x)

    def partial_gamma(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        unit = m.minimum(m.maximum(parts.unit, -1e140), 1e140)
        front, lower = of_root(m, parts, m.product(unit, unit) * (parts.size * parts.scale))
        return m.copysign(m.where(parts.low | parts.flat, 0.0, parts.of_x(m, front) * lower), -x)

    def partial_delta(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, theta)
        front, unlift = parts.front(m)
        fall, other_unlift = falling_right(m, parts)
        result = parts.of_x(m, front * (fall * parts.scale / parts.denominator)) * unlift * other_unlift
        return m.copysign(m.where(parts.low | parts.spent, 0.0, result), -x)

    def partial_theta(m: Any, x: Any, alpha: Any, beta: Any, gamma: Any, delta: Any, theta: Any) -> Any:
        parts = Parts(m, x, alpha, beta, gamma, delta, m.where(delta == 0.0, 0.0, theta))
        front, unlift = parts.front(m)
        fall, other_unlift = falling_right(m, parts)
        inner = m.minimum(m.maximum(parts.x, -1e290), 1e290)
        result = parts.of_x(m, front * (fall * delta * parts.scale / parts.denominator) * inner) * unlift * other_unlift
        return m.where(parts.low | parts.spent, 0.0, m.abs(result))

    def range(alpha: float, beta: float, gamma: float, delta: float, theta: float) -> Interval:
        given = Given(alpha, beta, gamma, delta, theta)
        high = 1.0 / math.sqrt(gamma) if alpha == 0.0 < gamma else INFINITY
        if alpha == 0.0 and delta * theta == 0.0:
            return Interval(-high, high)
        if beta == delta == 0.0:
            return Interval(-(math.log(2.0) ** alpha) / math.sqrt(gamma), high)
        return Interval(-deepest(given), high, low_closed=True)


def of_root(m: Any, parts: Parts, numerator: Any) -> tuple[Any, Any]:
    """Return s^alpha / D^2 numerator / (2 root), and the factor of its lift."""
    front, unlift = parts.front(m)
    # Left of 0 two exponentials are multiplied.
    lift, lower = m.where(parts.left, LIFT, 1.0), m.where(parts.left, UNLIFT, 1.0)
    return 0.5 * (front * lift * (numerator / parts.root * parts.shrunk / parts.denominator)), unlift * lower


def falling_right(m: Any, parts: Parts) -> tuple[Any, Any]:
    """Return exp(-theta x) times what left of 0 everything is multiplied by, and the factor of its lift."""
    return m.where(parts.left, 1.0, parts.decay), m.where(parts.left, 1.0, parts.unlift_decay)


def deepest(given: Given) -> float:
    """Return minus the least value, by golden sections around the best of a grid."""

    def depth(logarithm: float) -> float:
        x = -math.exp(logarithm)
        s = math.log1p(math.exp(x))
        power = given.alpha * (math.log(s) if s > 0.0 else x)
        root = math.sqrt(given.beta + given.gamma * x * x)
        if given.delta == 0.0:
            return -x * math.exp(power) / root
        t = given.theta * x
        return -x * math.exp(power + t) / (root * math.exp(t) + given.delta)

    step = 0.125
    best = max((step * n for n in range(-300, 301)), key=depth)
    low, high, golden = best - step, best + step, (math.sqrt(5.0) - 1.0) / 2.0
    while high - low > 1e-9:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (left, high) if depth(left) < depth(right) else (low, right)
    return depth((low + high) / 2.0)
