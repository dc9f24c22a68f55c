"""Values that the frameworks state in their documentation and expect in their own tests: ours are these, to the digits they print."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

import actfn

INF = np.inf
FIVE = [-1.0, 0.0, 1.0, 2.0, 3.0]
HALF = [-0.5, 0.0, 1.0, 2.0, 3.0]
ONE = [-1.0, 0.0, 1.0]
SEVEN = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
LARGE = [[0.0, 1.0, 2.0, 3.0], [10000.0, 10001.0, 10002.0, 10003.0]]


class Case(NamedTuple):
    """A function, its input, what is published, the parameters, and to how many decimals or (None) what float32 can tell."""

    function: str
    x: Any
    published: Any
    parameters: Mapping[str, float] = MappingProxyType({})
    decimals: int | None = None


# The file keras/src/ops/nn_test.py of Keras 3.15, the class NNOpsCorrectnessTest.
KERAS = (
    Case("relu", FIVE, [0, 0, 1, 2, 3]),
    Case("relu6", [*FIVE, 4.0, 5.0, 6.0, 7.0], [0, 0, 1, 2, 3, 4, 5, 6, 6]),
    Case("sigmoid", FIVE, [0.26894143, 0.5, 0.7310586, 0.880797, 0.95257413]),
    Case("hard_sigmoid", FIVE, [0.0, 0.5, 1.0, 1.0, 1.0], {"slope": 0.5}),
    Case("softplus", FIVE, [0.31326166, 0.6931472, 1.3132616, 2.126928, 3.0485873]),
    Case("softsign", FIVE, [-0.5, 0, 0.5, 0.6666667, 0.75]),
    Case("silu", FIVE, [-0.26894143, 0, 0.7310586, 1.7615942, 2.8577223]),
    Case("log_sigmoid", FIVE, [-1.3132616, -0.6931472, -0.31326166, -0.126928, -0.04858732]),
    Case("leaky_relu", FIVE, [-0.2, 0, 1, 2, 3], {"negative_slope": 0.2}),
    Case("hard_sigmoid", FIVE, [0.33333334, 0.5, 0.6666667, 0.8333334, 1.0]),
    Case("hard_swish", SEVEN, [-0.0, -0.333333, -0.333333, 0.0, 0.6666667, 1.6666667, 3.0], decimals=6),
    Case("elu", FIVE, [-0.63212055, 0, 1, 2, 3]),
    Case("elu", FIVE, [-0.31606027, 0, 1, 2, 3], {"alpha": 0.5}),
    Case("selu", FIVE, [-1.1113307, 0.0, 1.050701, 2.101402, 3.152103]),
    Case("gelu_tanh", FIVE, [-0.15880796, 0.0, 0.841192, 1.9545977, 2.9963627]),
    Case("celu", FIVE, [-0.63212055, 0.0, 1.0, 2.0, 3.0]),
    Case("glu", [*FIVE, 4.0], [-0.8807971, 0.0, 0.98201376]),
    Case("tanh_shrink", FIVE, [-0.238406, 0.0, 0.238406, 1.035972, 2.004945], decimals=6),
    Case("hard_tanh", FIVE, [-1.0, 0.0, 1.0, 1.0, 1.0]),
    Case("hard_shrink", HALF, [0.0, 0.0, 1.0, 2.0, 3.0]),
    Case("threshold", HALF, [0.0, 0.0, 1.0, 2.0, 3.0], {"threshold": 0.0, "value": 0.0}),
    Case("squareplus", HALF, [0.780776, 1.0, 1.618034, 2.414214, 3.302776], decimals=6),
    Case("soft_shrink", HALF, [0.0, 0.0, 0.5, 1.5, 2.5]),
    Case("sparse_plus", HALF, [0.0625, 0.25, 1.0, 2.0, 3.0]),
    Case("softmax", [1.0, 2.0, 3.0], [0.09003057, 0.24472848, 0.66524094]),
    Case("log_softmax", [1.0, 2.0, 3.0], [-2.407606, -1.407606, -0.407606], decimals=6),
    Case("sparsemax", HALF, [0.0, 0.0, 0.0, 0.0, 1.0]),
)

# The node tests of ONNX 1.17, onnx/backend/test/case/node.
ONNX = (
    Case("elu", ONE, [-1.2642411, 0, 1], {"alpha": 2.0}),
    Case("leaky_relu", ONE, [-0.1, 0, 1], {"negative_slope": 0.1}),
    Case("hard_sigmoid", ONE, [0.1, 0.6, 1.0], {"slope": 0.5, "offset": 0.6}),
    Case("softplus", ONE, [0.31326166, 0.69314718, 1.31326163]),
    Case("softsign", ONE, [-0.5, 0, 0.5]),
    Case("thresholded_relu", [-1.5, 0.0, 1.2, 2.0, 2.2], [0, 0, 0, 0, 2.2], {"theta": 2.0}),
    Case("shrink", [-2.0, -1.0, 0.0, 1.0, 2.0], [-2, 0, 0, 0, 2], {"lambd": 1.5}),
    Case("shrink", [-2.0, -1.0, 0.0, 1.0, 2.0], [-0.5, 0, 0, 0, 0.5], {"lambd": 1.5, "bias": 1.5}),
    Case("hardmax", [3.0, 3.0, 3.0, 1.0], [1, 0, 0, 0]),
    Case("hardmax", [3.0, 0.0, 1.0, 2.0], [1, 0, 0, 0]),
    Case("softmax", ONE, [0.09003058, 0.24472848, 0.66524094]),
    Case("softmax", LARGE, [[0.032058604, 0.08714432, 0.23688284, 0.6439143]] * 2),
    Case("log_softmax", ONE, [-2.4076061, -1.407606, -0.407606]),
    Case("log_softmax", LARGE, [[-3.4401896, -2.4401896, -1.4401896, -0.44018966]] * 2),
    Case("gelu_tanh", ONE, [-0.158808, 0.0, 0.841192], decimals=6),
    Case("gelu_tanh", [3.0, 4.0, 5.0], [2.9963627, 3.99993, 4.9999995]),
    Case("gelu", ONE, [-0.15865526, 0.0, 0.84134474]),
    Case("gelu", [3.0, 4.0, 5.0], [2.99595031, 3.99987331, 4.99999857]),
)

# The documentation of torch.special, PyTorch 2.13.
TORCH = (
    Case("ndtr", SEVEN, [0.0013, 0.0228, 0.1587, 0.5, 0.8413, 0.9772, 0.9987], decimals=4),
    Case("log_ndtr", SEVEN, [-6.6077, -3.7832, -1.841, -0.6931, -0.1728, -0.023, -0.0014], decimals=4),
    Case("erf", [0.0, -1.0, 10.0], [0.0, -0.8427, 1.0], decimals=4),
    Case("sigmoid", [0.9213, 1.0887, -0.8858, -1.7683], [0.7153, 0.7481, 0.2920, 0.1458], decimals=4),
    # The input is printed with four decimals too, and the slope is -1.
    Case("sinc", [0.2252, -0.2948, 1.0267, -1.1566], [0.919, 0.863, -0.026, -0.130], decimals=3),
)

# The file tests/nn_test.py of JAX 0.10.
JAX = (
    Case("softplus", 89.0, 89.0),
    Case("sparse_plus", 89.0, 89.0),
    Case("hard_sigmoid", [-2.0, 0.0, 2.0], [0.0, 0.5, 1.0], {"slope": 0.5}),
    Case("squareplus", 1e3, 1e3, decimals=2),
    Case("mish", [1e3, 0.0], [1e3, 0.0]),
    Case("elu", 1e4, 1e4),
    Case("glu", [1.0, 0.0], [0.5]),
)

# The documentation of scipy.special, SciPy 1.17, which is in float64.
SCIPY = (
    Case("sigmoid", [-INF, -1.5, 0.0, 1.5, INF], [0.0, 0.18242552, 0.5, 0.81757448, 1.0], decimals=8),
    Case("log_sigmoid", [-3.0, 0.25, 2.5, 5.0], [-3.04858735, -0.57593942, -0.07888973, -0.00671535], decimals=8),
    Case("log_sigmoid", [-100.0, -500.0, -1000.0], [-100.0, -500.0, -1000.0]),
    Case("log_sigmoid", [29.0, 120.0, 400.0], [-2.54366565e-013, -7.66764807e-053, -1.91516960e-174]),
    Case("ndtr", [0.0, 0.5, 2.0], [0.5, 0.69146246, 0.97724987], decimals=8),
    Case("log_ndtr", [6.0, 7.0, 9.0], [-9.86587646e-010, -1.27981254e-012, -1.12858841e-019]),
    Case("log_ndtr", [12.0, 15.0, 25.0], [-1.77648211e-033, -3.67096620e-051, -3.05669671e-138]),
    Case("softplus", ONE, [0.31326169, 0.69314718, 1.31326169], decimals=8),
    Case("softmax", [1.0, 0.5, 0.2, 3.0], [1.05877e-01, 6.42177e-02, 4.75736e-02, 7.82332e-01], decimals=6),
    Case("log_softmax", [1000.0, 1.0], [0.0, -999.0]),
    Case("logsumexp", list(range(10)), 9.4586297444267107),
)

# The numbers for float32 have themselves errors of several units in the last place: -0.04858732 stands for -0.0485873516.
FLOAT32, FLOAT64 = 1e-6, 5e-9


@pytest.mark.parametrize("case", [*KERAS, *ONNX, *TORCH, *JAX], ids=lambda case: case.function)
def test_what_is_published_for_float32(case: Case) -> None:
    compare(case, np.float32, FLOAT32)


@pytest.mark.parametrize("case", SCIPY, ids=lambda case: case.function)
def test_what_is_published_for_float64(case: Case) -> None:
    compare(case, np.float64, FLOAT64)


def compare(case: Case, dtype: Any, tolerance: float) -> None:
    got = actfn.get(case.function)(np.array(case.x, dtype), **case.parameters)
    assert got.dtype == dtype
    if case.decimals is None:
        np.testing.assert_allclose(got, np.array(case.published), rtol=tolerance, atol=0)
    else:
        # Half a unit of the last decimal, and what the numbers themselves have been rounded by.
        bound = 0.5 * 10.0**-case.decimals
        assert np.all(np.abs(got - np.array(case.published)) <= bound + np.abs(case.published) * tolerance)
