"""Functions of two inputs: what a gate lets through."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import REALS, Interval, Parameter, gated
from actfn.functions.exponentials import selu as selu_gate
from actfn.functions.gates import swish as swish_gate
from actfn.functions.gaussians import gelu as gelu_gate
from actfn.functions.gaussians import gelu_tanh as gelu_tanh_gate
from actfn.functions.linear import identity
from actfn.functions.rectifiers import relu as relu_gate
from actfn.functions.sigmoids import sigmoid, tanh
from actfn.functions.spelling import Spelling

DAUPHIN = "Dauphin, Fan, Auli & Grangier 2016, Language modeling with gated convolutional networks, arXiv:1612.08083"
SHAZEER = "Shazeer 2020, GLU variants improve Transformer, arXiv:2002.05202"


def layout(default: str) -> Parameter:
    """Return the parameter that tells where the gate lies if a single array is given."""
    return Parameter(
        "layout",
        default,
        ("gate_up", "up_gate", "interleaved"),
        "where the gate lies in a single array: its first half, its second half, or its even places",
    )


def after_linear(activation: str) -> Spelling:
    """Return the layer of x-transformers whose gate is an activation of PyTorch."""
    return Spelling(
        "x_transformers.x_transformers.GLU(dim_in, dim_out, activation, mult_bias=False)(x)",
        part=f"with activation = {activation}; a learnt linear layer comes first",
    )


def written_out(torch: str, jax: str, keras: str, order: str, layer: str) -> dict[str, tuple[Spelling, ...]]:
    """Return how the product is written where there is no function for it, with the activation's name in each framework.

    PyTorch's layer is what x-transformers takes.
    """
    gate, up = (0, 1) if order == "gate_up" else (1, 0)
    halves = {
        "torch": (torch, "x.chunk(2, axis)[{}]"),
        "jax": (jax, "jax.numpy.split(x, 2, axis)[{}]"),
        "keras": (keras, "keras.ops.split(x, 2, axis)[{}]"),
    }
    written = {
        framework: (Spelling(f"{function.format(half.format(gate))} * {half.format(up)}", recipe=True),)
        for framework, (function, half) in halves.items()
    }
    return {**written, "x_transformers": (after_linear(layer),)}


@gated(
    hot=False,
    piecewise=("value", "first"),
    tags=("gated", "smooth"),
    papers=(DAUPHIN,),
    names={
        "torch": tuple(
            Spelling(call, means={"dim": "axis"})
            for call in ("torch.nn.functional.glu(input, dim=-1)", "torch.nn.GLU(dim=-1)(x)")
        ),
        "jax": "jax.nn.glu(x, axis=-1)",
        "keras": ("keras.activations.glu(x, axis=-1)", "keras.ops.glu(x, axis=-1)"),
        "flax": "flax.linen.glu(x, axis=-1)",
        "mlx": ("mlx.nn.glu(x, axis=-1)", "mlx.nn.GLU(axis=-1)(x)"),
        "x_transformers": after_linear("torch.nn.Sigmoid()"),
    },
    parameters=(layout("up_gate"),),
)
class glu:
    """The gated linear unit up sigmoid(gate): the gate opens between 0 and 1, whatever passes it stays linear."""

    gate, up = sigmoid, identity

    def formula(m: Any, gate: Any, up: Any) -> Any:
        return up / (1 + m.exp(-gate))

    def range(layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    tags=("gated", "smooth"),
    papers=("Mnih & Hinton 2007, Three new graphical models for statistical language modelling", SHAZEER),
    names=written_out("{}", "{}", "{}", "up_gate", "torch.nn.Identity()"),
    parameters=(layout("up_gate"),),
)
class bilinear:
    """The product gate up: a gated unit without an activation."""

    gate, up = identity, identity

    def formula(m: Any, gate: Any, up: Any) -> Any:
        return gate * up

    def range(layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    tags=("gated",),
    papers=(SHAZEER,),
    names=written_out("torch.relu({})", "jax.nn.relu({})", "keras.ops.relu({})", "up_gate", "torch.nn.ReLU()"),
    parameters=(layout("up_gate"),),
)
class reglu:
    """up relu(gate): a gate that is shut for negative input, and open without limit."""

    gate, up = relu_gate, identity

    def formula(m: Any, gate: Any, up: Any) -> Any:
        return up * m.where(gate > 0, gate, 0)

    def range(layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    piecewise=("value", "first"),
    tags=("gated", "smooth"),
    papers=(SHAZEER,),
    names={
        **written_out(
            'torch.nn.functional.gelu({}, approximate="none")',
            "jax.nn.gelu({}, approximate=False)",
            "keras.ops.gelu({}, approximate=False)",
            "up_gate",
            "torch.nn.GELU()",
        ),
        "transformers": Spelling(
            "transformers.models.modernbert.modeling_modernbert.ModernBertMLP(config)(hidden_states)",
            part="between two learnt linear layers; the gate is the first half",
        ),
    },
    parameters=(layout("up_gate"),),
)
class geglu:
    """up gelu(gate), with the exact gelu."""

    gate, up = gelu_gate, identity

    def formula(m: Any, gate: Any, up: Any) -> Any:
        return up * gate * (1 + m.erf(gate / m.sqrt(2))) / 2

    def range(layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    piecewise=("value", "first"),
    tags=("gated", "smooth"),
    papers=(SHAZEER,),
    names={
        **written_out(
            'torch.nn.functional.gelu({}, approximate="tanh")',
            "jax.nn.gelu({}, approximate=True)",
            "keras.ops.gelu({}, approximate=True)",
            "up_gate",
            "torch.nn.GELU('tanh')",
        ),
        "transformers": Spelling(
            "transformers.models.t5.modeling_t5.T5DenseGatedActDense(config)(hidden_states)",
            part='with feed_forward_proj = "gated-gelu"; between learnt linear layers',
        ),
    },
    parameters=(layout("up_gate"),),
)
class geglu_tanh:
    """up gelu_tanh(gate): geglu with the tanh approximation of gelu, which models trained with it need."""

    gate, up = gelu_tanh_gate, identity

    def formula(m: Any, gate: Any, up: Any) -> Any:
        inner = m.sqrt(2 / m.pi) * (gate + m.number("0.044715") * gate**3)
        return up * gate * (1 + m.tanh(inner)) / 2

    def range(layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    piecewise=("value", "first"),
    tags=("gated", "smooth", "learnable"),
    papers=(SHAZEER,),
    names={
        **written_out(
            "torch.nn.functional.silu({})", "jax.nn.silu({})", "keras.ops.silu({})", "gate_up", "torch.nn.SiLU()"
        ),
        "transformers": Spelling(
            "transformers.models.dinov2.modeling_dinov2.Dinov2SwiGLUFFN(config)(hidden_state)",
            part="between two learnt linear layers; the gate is the first half",
        ),
        "onnx": Spelling(
            "SwiGLU(A, B, alpha=1.0)",
            means={"alpha": "beta"},
            ignores=("B",),
            note="from opset 28; A is the gate, B what passes it",
        ),
    },
    parameters=(
        Parameter("beta", 1.0, REALS, "how steep the gate is; the gate is silu for 1"),
        layout("gate_up"),
    ),
)
class swiglu:
    """up swish(gate): the feed-forward layer of most of today's large language models."""

    gate, up = swish_gate, identity

    def formula(m: Any, gate: Any, up: Any, beta: Any) -> Any:
        return up * gate / (1 + m.exp(-beta * gate))

    def range(beta: float, layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    tags=("gated",),
    papers=(SHAZEER,),
    names=written_out(
        "torch.nn.functional.selu({})", "jax.nn.selu({})", "keras.ops.selu({})", "up_gate", "torch.nn.SELU()"
    ),
    parameters=(layout("up_gate"),),
)
class seglu:
    """up selu(gate): a gate that is negative, and not shut, for negative input."""

    gate, up = selu_gate, identity

    def formula(m: Any, gate: Any, up: Any) -> Any:
        scale, alpha = m.number("1.0507009873554804934193349852946"), m.number("1.6732632423543772848170429916717")
        return scale * up * m.where(gate > 0, gate, alpha * (m.exp(gate) - 1))

    def range(layout: str) -> Interval:
        return REALS


@gated(
    hot=False,
    tags=("gated", "smooth", "bounded"),
    papers=(
        (
            "van den Oord, Kalchbrenner, Vinyals, Espeholt, Graves & Kavukcuoglu 2016, Conditional image generation with "
            "PixelCNN decoders, arXiv:1606.05328"
        ),
        DAUPHIN,
    ),
    names={
        "torch": Spelling("torch.tanh(x.chunk(2, axis)[0]) * torch.sigmoid(x.chunk(2, axis)[1])", recipe=True),
        "jax": Spelling(
            "jax.numpy.tanh(jax.numpy.split(x, 2, axis)[0]) * jax.nn.sigmoid(jax.numpy.split(x, 2, axis)[1])",
            recipe=True,
        ),
        "keras": Spelling(
            "keras.ops.tanh(keras.ops.split(x, 2, axis)[0]) * keras.ops.sigmoid(keras.ops.split(x, 2, axis)[1])",
            recipe=True,
        ),
    },
    parameters=(layout("up_gate"),),
)
class gtu:
    """The gated tanh unit tanh(up) sigmoid(gate): bounded on both sides, as in an LSTM."""

    gate, up = sigmoid, tanh

    def formula(m: Any, gate: Any, up: Any) -> Any:
        return m.tanh(up) / (1 + m.exp(-gate))

    def range(layout: str) -> Interval:
        return Interval(-1.0, 1.0)
