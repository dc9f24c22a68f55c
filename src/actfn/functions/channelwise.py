"""Functions that treat the channels of an input, or copies of them, in two ways."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import NON_NEGATIVE, Interval, channelwise
from actfn.functions.rectifiers import relu
from actfn.functions.spelling import Spelling


@channelwise(
    hot=False,
    tags=("rectifier", "piecewise_linear"),
    papers=(
        (
            "Shang, Sohn, Almeida & Lee 2016, Understanding and improving convolutional neural networks via concatenated "
            "rectified linear units, arXiv:1603.05201"
        ),
    ),
    names={
        "torch": Spelling("torch.cat((torch.relu(x), torch.relu(-x)), axis)", recipe=True),
        "jax": Spelling("jax.numpy.concatenate((jax.nn.relu(x), jax.nn.relu(-x)), axis)", recipe=True),
        "keras": Spelling("keras.ops.concatenate((keras.ops.relu(x), keras.ops.relu(-x)), axis)", recipe=True),
        "tensorflow": "tensorflow.nn.crelu(features, axis=-1)",
    },
)
class crelu:
    """relu(x) and relu(-x), one behind the other: twice the channels, and nothing of the input is lost."""

    function, arrangement, signs = relu, "concatenated", ((1, 1), (-1, 1))

    def formula(m: Any, x: Any) -> Any:
        return m.concatenated(m.where(x > 0, x, 0), m.where(x < 0, -x, 0))

    def range() -> Interval:
        return NON_NEGATIVE


@channelwise(
    hot=False,
    tags=("rectifier", "piecewise_linear", "monotone"),
    papers=(
        "Eidnes & Nøkland 2017, Shifting mean activation towards zero with bipolar activation functions, arXiv:1709.04054",
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.BReLU()(x)",
            values={"axis": 0},
            note="it alternates along the first axis, the batch",
        ),
    },
)
class bipolar_relu:
    """relu(x) in every even channel and -relu(-x) in every odd one, so that the mean stays near zero."""

    function, arrangement, signs = relu, "alternating", ((1, 1), (-1, -1))

    def formula(m: Any, x: Any) -> Any:
        return m.alternating(m.where(x > 0, x, 0), m.where(x < 0, x, 0))

    def range() -> Interval:
        return Interval()
