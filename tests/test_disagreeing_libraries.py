"""Where libraries disagree: each is run, and does what is said of it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import actfn
from actfn.frameworks.disagreements import every

INF, NAN = float("inf"), float("nan")


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def torch_slope(function: Callable[[Any], Any], x: float) -> float:
    import torch

    tensor = torch.tensor(x, requires_grad=True)
    function(tensor).backward()
    return float(tensor.grad)


def jax_slope(function: Callable[[Any], Any], x: float) -> float:
    import jax

    return float(jax.grad(function)(np.float32(x)))


def keras_on_jax() -> Any:
    import keras

    if keras.backend.backend() != "jax":
        pytest.skip("Keras runs on another library")
    return keras


def run_onnx(operator: str, x: list[float], **attributes: Any) -> np.ndarray:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    node = onnx.helper.make_node(operator, ["x"], ["y"], **attributes)
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [len(x)]) for name in "xy"]
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "one", ends[:1], ends[1:]), opset_imports=[onnx.helper.make_opsetid("", 18)]
    )
    model.ir_version = 9
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.array(x, np.float32)})[0]


def same(found: Any, wanted: Any, rel: float = 1e-6) -> None:
    got = np.asarray(found.detach() if hasattr(found, "detach") else found, dtype=np.float64)
    np.testing.assert_allclose(got, wanted, rtol=rel, atol=0)
    assert np.array_equal(np.signbit(got), np.signbit(wanted)) or np.isnan(got).any()


def gelu_default(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    exact, tanh = 0.8413447460685429, 0.8411919906082768
    for value in (F.gelu(torch.tensor(1.0)), keras.activations.gelu(1.0)):
        same(value, exact)
    for value in (jax.nn.gelu(1.0), keras.ops.gelu(1.0)):
        same(value, tanh)
    assert "0.84134475" in keras.ops.gelu.__doc__


def quick_gelu_error(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = np.linspace(-6, 6, 120_001)
    gaps = np.abs(actfn.quick_gelu(x) - actfn.gelu(x))
    assert gaps.max() == pytest.approx(0.0203, abs=5e-5) and gaps.max() > 0.015
    assert abs(x[gaps.argmax()]) == pytest.approx(2.27, abs=5e-3)


def swish_beta(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for function in (jax.nn.swish, keras.activations.silu):
        assert list(inspect.signature(function).parameters) == ["x"]


def hard_swish_paper(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for value in (F.hardswish(torch.tensor(1.0)), jax.nn.hard_swish(1.0), keras.activations.hard_swish(1.0)):
        same(value, 4 / 6)


def hard_sigmoid_slope(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for value in (F.hardsigmoid(torch.tensor(1.0)), jax.nn.hard_sigmoid(1.0), keras.activations.hard_sigmoid(1.0)):
        same(value, 1 / 6 + 0.5)
    same(jax.nn.sparse_sigmoid(0.5), 0.75)
    same(keras.activations.sparse_sigmoid(0.5), 0.75)
    same(run_onnx("HardSigmoid", [1.0]), [0.7])


def same_under_other_names(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = np.linspace(-8, 8, 33)
    np.testing.assert_allclose(x / 2 * (1 + np.tanh(x / 2)), actfn.silu(x), rtol=1e-12)
    np.testing.assert_allclose(np.where(x > 0, x, 2 ** (x / np.log(2)) - 1), actfn.elu(x), rtol=1e-12)
    np.testing.assert_allclose(actfn.flatten_t_swish(x, threshold=0.0), np.maximum(x, 0) * actfn.sigmoid(x), rtol=1e-12)
    # SiELU: x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).
    siel = x / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(siel, actfn.gelu_tanh(x), rtol=1e-12)


def exponential_sign(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    same(keras.activations.exponential(1.0), np.e)


def sinc_normalised(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for value in (torch.sinc(torch.tensor(0.5)), jax.numpy.sinc(0.5), np.sinc(0.5)):
        same(value, 2 / np.pi)


def softmax_spellings(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert torch.nn.Softmax2d and F.softmin and not hasattr(jax.nn, "softmin")
    assert run_onnx("Hardmax", [1.0, 3.0, 3.0], axis=0).tolist() == [0, 1, 0]


def leaky_slope(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    same(F.leaky_relu(torch.tensor(-1.0)), -0.01)
    same(jax.nn.leaky_relu(-1.0), -0.01)
    same(run_onnx("LeakyRelu", [-1.0]), [-0.01])
    same(keras.activations.leaky_relu(-1.0), -0.2)
    same(keras.ops.leaky_relu(-1.0), -0.2)
    same(keras.layers.LeakyReLU()(jax.numpy.array([-1.0])), [-0.3])


def prelu_start(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert torch.nn.PReLU().weight.item() == 0.25
    layer = keras.layers.PReLU()
    layer.build((None, 3, 4))
    assert layer.alpha.shape == (3, 4) and not np.asarray(layer.alpha.value).any()
    same(F.prelu(-torch.ones(1, 2, 3), torch.tensor([0.5, 2.0])), [[[-0.5] * 3, [-2.0] * 3]])


def slope_conventions(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    same(F.rrelu(torch.tensor(-1.0)), -11 / 48)


def softplus_threshold(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = torch.tensor(20.5, dtype=torch.float64)
    assert F.softplus(x).item() == 20.5 and float(actfn.softplus(20.5)) - 20.5 == pytest.approx(1.2e-9, rel=0.1)
    assert float(actfn.softplus(20.0)) - 20 == pytest.approx(2e-9, rel=0.05)
    assert F.softplus(torch.tensor(1.0), beta=0).item() == INF
    same(F.softplus(torch.tensor(1.0), beta=-1), -np.log1p(np.exp(-1.0)))


def softmax_axis(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    import scipy.special

    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    for whole in (scipy.special.softmax(x), keras.ops.softmax(x, axis=None), jax.nn.softmax(x, axis=None)):
        assert np.asarray(whole).sum() == pytest.approx(1)
    for last in (keras.activations.softmax(x), jax.nn.softmax(x)):
        np.testing.assert_allclose(np.asarray(last).sum(axis=-1), [1, 1], rtol=1e-6)
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        F.softmax(torch.tensor(x))


def selu_constants(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    cut = 1.0507 * 1.67326 * np.expm1(-1.0)
    for value in (F.selu(torch.tensor(-1.0)), jax.nn.selu(-1.0)):
        same(value, 1.0507009873554805 * 1.6732632423543772 * np.expm1(-1.0))
        assert 1e-6 < abs(float(value) / cut - 1) < 1e-5


def shrink_arguments(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    with pytest.raises(RuntimeError, match="lambda"):
        F.softshrink(torch.tensor([0.2]), -1.0)
    same(F.hardshrink(torch.tensor([0.2, -0.2]), -1.0), np.float32([0.2, -0.2]))
    assert "threshold" in inspect.signature(keras.activations.soft_shrink).parameters
    same(run_onnx("Shrink", [0.25, 0.75]), [0, 0.75])


def squareplus_width(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for value in (jax.nn.squareplus(0.0), keras.activations.squareplus(0.0)):
        same(value, 1.0)
    same(actfn.squareplus(0.0, b=4 * np.log(2) ** 2), np.log(2))


def squareplus_credit(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert "[Ramachandran et al., 2021](https://arxiv.org/abs/2112.11687)" in keras.activations.squareplus.__doc__
    assert any("Barron" in paper and "2112.11687" in paper for paper in actfn.squareplus.papers)


def celu_is_not_elu(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = torch.tensor(-1.0)
    same(F.celu(x, 2.0), 2 * np.expm1(-0.5))
    same(F.elu(x, 2.0), 2 * np.expm1(-1.0))
    same(torch.ops.aten.elu(x, 1.0, 2.0, 3.0), 2 * np.expm1(-3.0))


def keras_relu_order(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    names = [list(inspect.signature(one).parameters) for one in (keras.activations.relu, keras.layers.ReLU)]
    assert names[0][1:] == ["negative_slope", "max_value", "threshold"]
    assert names[1][:3] == ["max_value", "negative_slope", "threshold"]


def gumbel_eps(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    with pytest.warns(UserWarning, match="no effect"):
        F.gumbel_softmax(torch.zeros(3), eps=1e-3)
    assert inspect.signature(F.gumbel_softmax).parameters["hard"].default is False


def glu_order(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = np.array([1.0, 2.0, 3.0, 0.0], np.float32)
    for value in (F.glu(torch.tensor(x)), jax.nn.glu(x), keras.ops.glu(x)):
        same(value, [1 / (1 + np.exp(-3.0)), 1.0])


def relu_by_hand(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    zero = torch.zeros(())
    assert torch_slope(F.relu, 0.0) == jax_slope(jax.nn.relu, 0.0) == jax_slope(keras.activations.relu, 0.0) == 0
    assert torch_slope(lambda x: torch.maximum(x, zero), 0.0) == 0.5
    assert jax_slope(lambda x: jax.numpy.maximum(x, 0.0), 0.0) == 0.5
    assert torch_slope(lambda x: torch.clamp_min(x, 0), 0.0) == 1


def leaky_at_zero(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert torch_slope(F.leaky_relu, 0.0) == pytest.approx(0.01)
    assert jax_slope(jax.nn.leaky_relu, 0.0) == 1
    assert torch_slope(lambda x: F.prelu(x, torch.tensor(0.25)), 0.0) == 0.25
    layer = keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25))
    layer.build((1, 1))
    assert jax_slope(lambda x: layer(x.reshape(1, 1))[0, 0], 0.0) == 0


def clip_at_bounds(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for x in (-1.0, 1.0):
        assert torch_slope(F.hardtanh, x) == 0
        assert jax_slope(jax.nn.hard_tanh, x) == 1
        assert torch_slope(lambda x: torch.clamp(x, -1, 1), x) == 1
        assert jax_slope(lambda x: jax.numpy.clip(x, -1, 1), x) == 0.5


def abs_at_zero(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert torch_slope(torch.abs, 0.0) == 0 and jax_slope(jax.numpy.abs, 0.0) == 1


def elu_family_at_zero(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert torch_slope(F.selu, 0.0) == pytest.approx(1.7581, abs=5e-5)
    assert jax_slope(jax.nn.selu, 0.0) == pytest.approx(1.7581, abs=5e-5)
    assert torch_slope(lambda x: F.celu(x, 2.0), 0.0) == jax_slope(lambda x: jax.nn.celu(x, 2.0), 0.0) == 1
    assert torch_slope(lambda x: F.elu(x, 2.0), 0.0) == jax_slope(lambda x: jax.nn.elu(x, 2.0), 0.0) == 2


def hard_swish_at_corners(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for x, slope in ((-3.0, 0), (3.0, 1)):
        assert torch_slope(F.hardswish, x) == jax_slope(jax.nn.hard_swish, x) == slope
        assert torch_slope(F.hardsigmoid, x) == jax_slope(jax.nn.hard_sigmoid, x) == 0


def sparse_sigmoid_at_corners(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert jax_slope(jax.nn.sparse_sigmoid, -1.0) == jax_slope(jax.nn.sparse_sigmoid, 1.0) == 0.25


def slope_at_nan(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert [torch_slope(one, NAN) for one in (F.relu, F.hardtanh, F.elu)] == [1, 1, 1]
    assert jax_slope(jax.nn.relu, NAN) == 0


def keras_max_value(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    assert torch_slope(F.relu6, 6.0) == jax_slope(jax.nn.relu6, 6.0) == 0
    assert jax_slope(lambda x: keras.activations.relu(x, max_value=6), 6.0) == 0
    assert jax_slope(lambda x: keras.activations.relu(x, max_value=1), 1.0) == 0.5


def nan_at_infinity(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    far = torch.tensor(-INF)
    assert all(torch.isnan(one(far)) for one in (F.silu, F.mish, F.gelu, F.hardswish, F.softsign, torch.sin))
    names = ("silu", "mish", "gelu", "hard_swish", "soft_sign", "squareplus")
    assert all(np.isnan(getattr(jax.nn, name)(-INF)) for name in names)
    assert np.isnan(jax.nn.soft_sign(INF)) and torch.isnan(F.softsign(-far))
    assert all(np.isnan(jax_slope(jax.nn.sparse_plus, x)) for x in (-INF, INF))
    assert [float(actfn.silu(-INF)), float(actfn.softsign(-INF)), float(actfn.squareplus(-INF))] == [0, -1, 0]


def gelu_at_infinity(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this PyTorch is built without oneDNN")
    far = torch.full((4,), INF)
    assert torch.isnan(F.gelu(far)).all() and torch.isnan(F.gelu(far.bfloat16())).all()
    assert torch.isinf(F.gelu(far.double())).all()
    with torch.backends.mkldnn.flags(enabled=False):
        assert torch.isinf(F.gelu(far)).all()


def gelu_left_tail(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    # x P(Z <= x), from tables of the normal distribution.
    exact = {-4.0: -4 * 3.167124183311992e-5, -5.0: -5 * 2.866515718791939e-7, -10.0: -10 * 7.619853024160525e-24}
    for x, wanted in exact.items():
        same(jax.nn.gelu(np.float32(x), approximate=False), wanted, rel=1e-6)
    errors = [abs(F.gelu(torch.tensor([x])).item() / exact[x] - 1) for x in (-4.0, -5.0)]
    assert errors == [pytest.approx(2.7e-4, rel=0.05), pytest.approx(0.04, rel=0.05)]
    same(F.gelu(torch.tensor([-10.0])), [-0.0])


def infinite_rows(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    import scipy.special

    row = np.array([INF, 0.0, 1.0], np.float32)
    for value in (F.softmax(torch.tensor(row), -1), jax.nn.softmax(row), scipy.special.softmax(row)):
        assert np.isnan(np.asarray(value)).all()
    same(scipy.special.log_softmax(row), [NAN, -INF, -INF])
    assert np.isposinf(np.asarray(keras.activations.sparsemax(row[None]))).all()
    masked = np.full(2, -INF, np.float32)
    for value in (F.softmax(torch.tensor(masked), -1), jax.nn.softmax(masked), scipy.special.softmax(masked)):
        assert np.isnan(np.asarray(value)).all()


def nan_swallowed(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    nan = torch.tensor(NAN)
    assert all(torch.isnan(y) for y in (F.hardshrink(nan), F.softshrink(nan), F.threshold(nan, 0.5, 7.0)))
    for name, more, wanted in (
        *(("soft_shrink", {}, 0), ("hard_shrink", {}, 0)),
        *(("relu", {"threshold": 0.5}, 0), ("threshold", {"threshold": 0.5, "default_value": 7.0}, 7)),
    ):
        assert float(getattr(keras.activations, name)(np.float32(NAN), **more)) == wanted
    assert run_onnx("Shrink", [NAN]).tolist() == run_onnx("ThresholdedRelu", [NAN]).tolist() == [0]


def elu_cancellation(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    for value in (F.elu(torch.tensor(-1e-10)), jax.nn.elu(np.float32(-1e-10))):
        same(value, -1e-10)
    assert float(jax.nn.softplus(np.float32(-90))) == 0
    same(F.softplus(torch.tensor(-90.0)), 8.194e-40, rel=1e-4)


def signed_zero(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    import scipy.special

    for value in (F.relu(torch.tensor(-0.0)), F.hardswish(torch.tensor(-3.0)), *run_onnx("Relu", [-0.0])):
        same(value, -0.0)
    for value in (jax.nn.relu(np.float32(-0.0)), F.logsigmoid(torch.tensor(INF))):
        same(value, 0.0)
    for value in (jax.nn.log_sigmoid(np.float32(INF)), scipy.special.log_expit(INF)):
        same(value, -0.0)


def roots_of_zero(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    def root(x: Any) -> Any:
        return torch.sqrt(F.softplus(x))

    assert root(torch.tensor(-150.0)) == 0 and np.isnan(torch_slope(root, -150.0))
    assert np.isnan(jax_slope(lambda x: jax.numpy.sqrt(jax.nn.softplus(x)), -150.0))
    assert np.isnan(jax_slope(lambda x: jax.nn.squareplus(x, 0.0), 0.0))
    assert float(actfn.sqrt_softplus(np.float32(-150))) > 0


def max_of_two_lines(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = np.array([-1.0, 1.0])
    assert np.maximum(x, 2 * x).tolist() == [-1, 2] != actfn.leaky_relu(x, negative_slope=2.0).tolist() == [-2, 1]


def naive_sigmoid(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    with pytest.warns(RuntimeWarning, match="overflow"):
        1 / (1 + np.exp(-np.float32([-100])))


def survey_misprints(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    x = np.linspace(-3, 0, 30_001)
    assert actfn.silu(x).min() == pytest.approx(-0.2785, abs=5e-5)
    same(actfn.cloglog(0.0), 1 - np.exp(-1.0), rel=1e-15)


def elish_documents(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    documented = 2.0 * np.expm1(2.0) / (np.exp(2.0) + 1)
    assert abs(float(actfn.elish(2.0)) - documented) > 0.2


def wrong_papers(torch: Any, F: Any, jax: Any, keras: Any) -> None:
    cited = {name: " ".join(actfn.get(name).papers) for name in ("nlrelu", "eswish", "mish", "sine", "elish")}
    assert "1908.03682" in cited["nlrelu"] and "1908.03682" not in cited["mish"]
    assert "1801.07145" in cited["eswish"] and "1801.07145" not in cited["sine"]
    assert "Mish" not in cited["elish"]


SHOWN = {
    function.__name__: function
    for function in (
        *(gelu_default, quick_gelu_error, swish_beta, hard_swish_paper, hard_sigmoid_slope, same_under_other_names),
        *(exponential_sign, sinc_normalised, softmax_spellings, leaky_slope, prelu_start, slope_conventions),
        *(softplus_threshold, softmax_axis, selu_constants, shrink_arguments, squareplus_width, squareplus_credit),
        *(celu_is_not_elu, keras_relu_order, gumbel_eps, glu_order, relu_by_hand, leaky_at_zero, clip_at_bounds),
        *(abs_at_zero, elu_family_at_zero, hard_swish_at_corners, sparse_sigmoid_at_corners, slope_at_nan),
        *(keras_max_value, nan_at_infinity, gelu_at_infinity, gelu_left_tail, infinite_rows, nan_swallowed),
        *(elu_cancellation, signed_zero, roots_of_zero, max_of_two_lines, naive_sigmoid, survey_misprints),
        *(elish_documents, wrong_papers),
    )
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("key", SHOWN)
def test_the_libraries_do_what_is_said(key: str) -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    SHOWN[key](torch, torch.nn.functional, jax, keras_on_jax())


def test_every_entry_that_names_libraries_is_tried() -> None:
    assert SHOWN.keys() == {found.key for found in every() if found.tried}
