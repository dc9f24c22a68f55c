"""Functions gated by the normal distribution."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import decaying, gate_first, gate_second, magnitude
from actfn.functions.declare import Interval, elementwise
from actfn.functions.spelling import Spelling

# The coefficients come from tools/coefficients.py; t = (a - 3) / (a + 3).
# P(Z > a) exp(a^2 / 2) (a + 3) for 0 <= a <= 39.5: relative error 2^-53.
NORMAL_TAIL_LEADING = ("0.7290836901333729967829519050886672894865", "-0.5093319819174899432973831523945073231063")
NORMAL_TAIL = tuple(
    map(
        float.fromhex,
        [
            "0x1.d71387c654cddp-3",
            "-0x1.832dbf69905e4p-5",
            "-0x1.56d8e3d7ff429p-7",
            "0x1.c8f52c3037cf0p-8",
            "0x1.0d608c94c6955p-10",
            "-0x1.12285e84daaaep-10",
            "-0x1.0d09eb3c7d76dp-12",
            "0x1.43c9c9c98c3d6p-13",
            "0x1.4a906bbf3ff0ep-14",
            "-0x1.bc6d2e6fa7f8bp-17",
            "-0x1.5b1a63cb1e051p-16",
            "-0x1.d8a97695a7af4p-19",
            "0x1.e87ed17369b2fp-19",
            "0x1.3019d717f374ap-19",
            "0x1.2678c3a0e4e8ep-27",
            "-0x1.461ad14f4e15bp-21",
            "-0x1.259360e9ec7c7p-22",
            "0x1.e7c1955162987p-25",
            "0x1.97c58f37f7c0cp-24",
            "0x1.1d5900ddba59ep-26",
            "-0x1.c3e80072f7a33p-27",
            "-0x1.49aa61f205a22p-28",
        ],
    )
)
# The same for float32 results: relative error 2^-32.
NORMAL_TAIL_SHORT = tuple(
    map(
        float.fromhex,
        [
            "0x1.d71387c343a42p-3",
            "-0x1.832dbfda1f142p-5",
            "-0x1.56d8d0e227e57p-7",
            "0x1.c8f5a156f4f24p-8",
            "0x1.0d570dd71df39p-10",
            "-0x1.123aac835032dp-10",
            "-0x1.0c2983e0f3509p-12",
            "0x1.465fd1419ced0p-13",
            "0x1.4102e78b4e529p-14",
            "-0x1.0ebba82b2f79ep-16",
            "-0x1.2910ad3f55425p-16",
            "0x1.86ec45b7d5125p-24",
            "0x1.1053f6f8acc7ep-19",
        ],
    )
)
# gelu'(-a) exp(a^2 / 2) / (root - a) for 0 <= a <= 39.5: relative error 2^-54.
GELU_SLOPE_LEADING = ("0.4782976777552484133822615743980272517507", "-0.1199754271354450697086100479373870939905")
GELU_SLOPE = tuple(
    map(
        float.fromhex,
        [
            "0x1.b70f305de3641p-5",
            "-0x1.cd33bfc5a0a23p-7",
            "0x1.abf7f884c5a8ap-13",
            "0x1.1f0ce8a644daap-10",
            "-0x1.8a9344763a794p-14",
            "-0x1.10ae420dbc5ecp-13",
            "0x1.3fbde69ef0fbep-18",
            "0x1.5117eb43a8bd5p-16",
            "0x1.54e04dd84c0c7p-19",
            "-0x1.94e8e0ad6b4fcp-19",
            "-0x1.4c83c7782a318p-20",
            "0x1.044dd7d901936p-22",
            "0x1.6bcec25c24bccp-22",
            "0x1.24106ced4d4e6p-24",
            "-0x1.ba6417258a5f4p-25",
            "-0x1.40c8957653b09p-25",
            "-0x1.a34c451a62843p-29",
            "0x1.103066af3c271p-27",
            "0x1.06939cc4eb0c0p-28",
            "-0x1.33c98a3c1abe8p-32",
            "-0x1.8edb3a2422209p-31",
            "-0x1.78c1524a5230dp-33",
        ],
    )
)
GELU_SLOPE_SHORT = tuple(
    map(
        float.fromhex,
        [
            "0x1.b70f305d896acp-5",
            "-0x1.cd33bfd147b3cp-7",
            "0x1.abf81e44b3853p-13",
            "0x1.1f0cf2633475dp-10",
            "-0x1.8a98759f053a4p-14",
            "-0x1.10b0b5943c222p-13",
            "0x1.41e76488603dap-18",
            "0x1.516422d70ed70p-16",
            "0x1.46f618569cf13p-19",
            "-0x1.9a89bf564d527p-19",
            "-0x1.1da2665eb771cp-20",
            "0x1.4be960054ea69p-22",
            "0x1.96169573bfc81p-23",
        ],
    )
)
GELU_SLOPE_ROOT = "0.751791524693564457457904946779524039664471153"
INVERSE_SQRT_TWO_PI = "0.398942280401432677939946059934381868475858631"
# 2 sqrt(2 / pi), and its product with 0.044715.
GELU_TANH_LINEAR = "1.59576912160573071175978423973752747390343452"
GELU_TANH_CUBIC = "0.0713548162726002487763387522798635409955920748"

# Past this exp(-a^2 / 2) is zero in every dtype.
NORMAL_END = 39.5


def tail(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return a = |x|, exp(-a^2 / 2) as a pair, with its square's rounding kept, and the factor of its lift."""
    a = m.minimum(m.abs(x), NORMAL_END)
    e, unlift = decaying(m, -0.5 * m.product(a, a))
    return a, e, unlift


def tail_polynomial(
    m: Any, a: Any, leading: tuple[str, str], coefficients: tuple[float, ...], short: tuple[float, ...]
) -> Any:
    # The first two terms are most of the sum, and t is as exact as they are.
    t = m.sum(a, -3.0) / m.sum(a, 3.0)
    return m.constant(leading[0]) + t * (m.constant(leading[1]) + t * m.polynomial(m.high(t), coefficients, short))


@elementwise(
    piecewise=("value", "first"),
    tags=("gated", "smooth"),
    papers=("Hendrycks & Gimpel 2016, Gaussian error linear units, arXiv:1606.08415",),
    names={
        "torch": (
            Spelling('torch.nn.functional.gelu(input, approximate="none")', requires={"approximate": "none"}),
            Spelling('torch.nn.GELU(approximate="none")(x)', requires={"approximate": "none"}),
        ),
        "jax": Spelling("jax.nn.gelu(x, approximate=True)", requires={"approximate": False}),
        "keras": (
            Spelling("keras.activations.gelu(x, approximate=False)", requires={"approximate": False}),
            Spelling("keras.ops.gelu(x, approximate=True)", requires={"approximate": False}),
        ),
        "onnx": Spelling('Gelu(X, approximate="none")', requires={"approximate": "none"}, note="from opset 20"),
        "tensorflow": Spelling("tensorflow.nn.gelu(features, approximate=False)", requires={"approximate": False}),
        "flax": Spelling("flax.linen.gelu(x, approximate=True)", requires={"approximate": False}),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.activations.gelu(x, approximate=True)", requires={"approximate": False}
        ),
        "timm": 'timm.layers.get_act_fn("gelu")(x)',
        "transformers": (
            'transformers.activations.ACT2FN["gelu"](x)',
            'transformers.activations.ACT2FN["gelu_python"](x)',
        ),
        "mlx": ("mlx.nn.gelu(x)", Spelling('mlx.nn.GELU(approx="none")(x)', requires={"approx": "none"})),
        "tinygrad": Spelling(
            'tinygrad.Tensor.gelu(x, approximate="tanh")',
            requires={"approximate": "none"},
            note="its erf is within 1.5e-7",
        ),
        "onednn": "eltwise_gelu_erf(x)",
        "x_transformers": Spelling('torch.nn.GELU(approximate="none")(x)', requires={"approximate": "none"}),
    },
)
class gelu:
    """x P(Z <= x) for a standard normal Z: the exact Gaussian error linear unit."""

    def formula(m: Any, x: Any) -> Any:
        return x * (1 + m.erf(x / m.sqrt(2))) / 2

    def value(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        upper = e * tail_polynomial(m, a, NORMAL_TAIL_LEADING, NORMAL_TAIL, NORMAL_TAIL_SHORT) / m.sum(a, 3.0)
        # Near 0 the result is x / 2 and next to nothing, which may be a tie.
        sticky = 1.0 + m.sticky(x)
        left = m.round(upper * sticky * a) * unlift
        right = m.round((1.0 - upper) * sticky * a)
        return m.copysign(m.where(x > NORMAL_END, x, m.where(x < 0.0, left, right)), x)

    def first(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        slope = (
            e
            * tail_polynomial(m, a, GELU_SLOPE_LEADING, GELU_SLOPE, GELU_SLOPE_SHORT)
            * (m.constant(GELU_SLOPE_ROOT) - a)
        )
        return m.where(x < 0.0, m.round(slope) * unlift, m.round(1.0 - slope))

    def second(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        return m.round(e * (2.0 - m.product(a, a)) * m.constant(INVERSE_SQRT_TWO_PI)) * unlift

    def range() -> Interval:
        return Interval(-0.16997120747990366, low_closed=True)


def tanh_argument(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return z = 2 sqrt(2 / pi) (x + 0.044715 x^3) and its parts: x cut off where the gate saturates, and x^2, as pairs."""
    bounded = m.minimum(m.maximum(x, -NORMAL_END), NORMAL_END)
    square = m.product(bounded, bounded)
    z = (m.constant(GELU_TANH_LINEAR) + square * m.constant(GELU_TANH_CUBIC)) * bounded
    return z, bounded, square


@elementwise(
    piecewise=("value", "first"),
    aliases=("gelu_new", "gelu_approximate"),
    tags=("gated", "smooth"),
    papers=("Hendrycks & Gimpel 2016, Gaussian error linear units, arXiv:1606.08415, section 2",),
    names={
        "torch": (
            Spelling('torch.nn.functional.gelu(input, approximate="none")', requires={"approximate": "tanh"}),
            Spelling('torch.nn.GELU(approximate="none")(x)', requires={"approximate": "tanh"}),
        ),
        "jax": Spelling("jax.nn.gelu(x, approximate=True)", requires={"approximate": True}),
        "keras": (
            Spelling("keras.activations.gelu(x, approximate=False)", requires={"approximate": True}),
            Spelling("keras.ops.gelu(x, approximate=True)", requires={"approximate": True}),
        ),
        "onnx": Spelling('Gelu(X, approximate="none")', requires={"approximate": "tanh"}, note="from opset 20"),
        "tensorflow": Spelling("tensorflow.nn.gelu(features, approximate=False)", requires={"approximate": True}),
        "flax": Spelling("flax.linen.gelu(x, approximate=True)", requires={"approximate": True}),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.activations.gelu(x, approximate=True)", requires={"approximate": True}
        ),
        "timm": 'timm.layers.get_act_fn("gelu_tanh")(x)',
        "transformers": tuple(
            f'transformers.activations.ACT2FN["{key}"](x)'
            for key in ("gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_python_tanh")
        ),
        "mlx": (
            "mlx.nn.gelu_approx(x)",
            Spelling('mlx.nn.GELU(approx="none")(x)', requires={"approx": ("precise", "tanh")}),
        ),
        "tinygrad": Spelling('tinygrad.Tensor.gelu(x, approximate="tanh")', requires={"approximate": "tanh"}),
        "onednn": "eltwise_gelu_tanh(x)",
    },
)
class gelu_tanh:
    """The tanh approximation of gelu, within 4.8e-4 of it: a function in its own right, and some frameworks' default."""

    def formula(m: Any, x: Any) -> Any:
        return x * (1 + m.tanh(m.sqrt(2 / m.pi) * (x + m.number("0.044715") * x**3))) / 2

    def value(m: Any, x: Any) -> Any:
        # (1 + tanh(z / 2)) / 2 = sigmoid(z).
        z, bounded, _ = tanh_argument(m, x)
        negative, size = magnitude(m, z)
        e, unlift = decaying(m, -size)
        # Near 0 the result is x / 2 and next to nothing, which may be a tie.
        gate = m.where(negative, e, 1.0) / (1.0 + e) * (1.0 + m.sticky(x))
        result = m.round(gate * bounded) * m.where(negative, unlift, 1.0)
        return m.copysign(m.where(x > NORMAL_END, x, result), x)

    def first(m: Any, x: Any) -> Any:
        z, bounded, square = tanh_argument(m, x)
        slope = m.constant(GELU_TANH_LINEAR) + 3.0 * (square * m.constant(GELU_TANH_CUBIC))
        result, unlift = gate_first(m, z, slope * m.abs(bounded))
        return result * unlift

    def second(m: Any, x: Any) -> Any:
        z, bounded, square = tanh_argument(m, x)
        linear, cubic = m.constant(GELU_TANH_LINEAR), square * m.constant(GELU_TANH_CUBIC)
        slope = linear + 3.0 * cubic
        result, unlift = gate_second(m, z, 2.0 * linear + 12.0 * cubic, slope * slope * m.abs(bounded))
        return result * unlift

    def range() -> Interval:
        return Interval(-0.17004075057125405, low_closed=True)
