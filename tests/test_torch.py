"""actfn.torch: the declared derivatives, however PyTorch asks for them."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch
from reference import COMMON, DEFAULTS, PARAMETERS, derivative_of_derivative, thinned
from torch import nn
from torch._inductor.utils import run_and_get_code
from torch.autograd import forward_ad, gradcheck, gradgradcheck

import actfn
import actfn.torch as A
from actfn.activation import is_builtin
from actfn.frameworks.installed import own_functions
from actfn.libraries import torch_operators
from actfn.normal import expectation, moment

ROOT = Path(__file__).parent.parent
ELEMENTWISE = [name for name in COMMON if actfn.get(name).kind == "elementwise"]
ROWS = ["softmax", "log_softmax"]
GIVEN = {"prelu": {"alpha": 0.25}}
PEERS = {name: own for name, own in own_functions("torch").items() if name in COMMON}

# PyTorch warns of itself when forward mode or the compiler is first used.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script"),
    pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'> should not be instantiated"),
]


def call(name: str) -> Any:
    return lambda x: getattr(A, name)(x, **GIVEN.get(name, {}))


# What a module must be given to be made.
MADE = {
    "maxout": {"in_features": 3, "out_features": 2},
    "dice": {"num_features": 3},
    "threshold": {"threshold": 0.5, "value": -0.5},
    "softcapped_swiglu": {"gate_cap": 7.0, "up_cap": 7.0},
}


def made(name: str) -> nn.Module:
    return A.modules[A.class_name(name)](**MADE.get(name, {}))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", thinned(ELEMENTWISE, "relu", "silu", "swish"))
def test_the_checker_passes(name: str, dtype: str) -> None:
    reference = actfn.get(name).with_parameters(**GIVEN.get(name, {}))
    for order in range(3):
        report = actfn.check(
            call(name), reference, order=order, dtype=dtype, library="torch", each=32 if dtype == "float32" else 4
        )
        # A product with g in one pass is within 4 for the tuned float32 functions.
        assert report.max_ulp <= (4 if order == 1 else 1 if dtype == "float32" else 2), order
        assert not any(report.faults.values()), (order, report.faults)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", thinned(ELEMENTWISE, "relu", "mish", "swish"))
def test_sixteen_bits_are_rounded_once(name: str, dtype: str) -> None:
    reference = actfn.get(name).with_parameters(**GIVEN.get(name, {}))
    for order in range(3):
        report = actfn.check(call(name), reference, order=order, dtype=dtype, max_ulp=0.51, library="torch")
        assert report.max_ulp <= 0.51, order
        assert not any(report.faults.values()), (order, report.faults)


@pytest.mark.parametrize("name", thinned([*ELEMENTWISE, *ROWS], "relu", "mish", "swish", "softmax"))
def test_gradients_of_both_orders_in_both_modes(name: str) -> None:
    x = torch.linspace(-3.1, 3.3, 6, dtype=torch.float64).reshape(2, 3).requires_grad_()
    assert gradcheck(call(name), x, check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(call(name), x)


@pytest.mark.parametrize("name", thinned(PARAMETERS, "swish"))
def test_gradients_of_parameters(name: str) -> None:
    x = torch.linspace(-3.1, 3.3, 12, dtype=torch.float64).reshape(2, 3, 2).requires_grad_()
    for shape in ((), (3, 1), (2, 1, 1)):
        inputs = (
            x,
            *(torch.full(shape, v, dtype=torch.float64, requires_grad=True) for v in PARAMETERS[name].values()),
        )
        assert gradcheck(getattr(A, name), inputs, check_forward_ad=True)
        assert gradgradcheck(getattr(A, name), inputs, check_fwd_over_rev=True)


@pytest.mark.parametrize("name", thinned(PARAMETERS, "elu", "swish"))
def test_second_derivatives_by_parameters_follow_the_formula(name: str) -> None:
    function = getattr(A, name)
    for x in (-1e300, -800.0, -100.0, -3.25, -0.5, 0.125, 0.75, 2.5, 30.0, 800.0, 1e300):
        point = {"x": x, **PARAMETERS[name]}
        at = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in point.values()]
        first = torch.autograd.grad(function(*at), at, create_graph=True)
        found = [torch.autograd.grad(slope, at, retain_graph=True) for slope in first]
        transformed = torch.func.hessian(lambda v: function(*v))(torch.stack(at).detach())
        for i, by in enumerate(point):
            for j, then in enumerate(point):
                expected = derivative_of_derivative(name, point, by, then)
                for second in (found[i][j], transformed[i, j]):
                    assert float(second) == pytest.approx(expected, rel=1e-10, abs=1e-300), (x, by, then)


def test_a_parameter_of_zero_has_derivatives() -> None:
    # f'(x) = s(1 + t s(-t)) for t = beta x, of which the derivative by beta is x / 2 at 0.
    x, beta = torch.tensor([-3.0, 2.0], requires_grad=True), torch.zeros(2, requires_grad=True)
    (slope,) = torch.autograd.grad(A.swish(x, beta).sum(), x, create_graph=True)
    assert torch.autograd.grad(slope.sum(), beta)[0].tolist() == [-1.5, 1.0]


@pytest.mark.parametrize("name", thinned(ELEMENTWISE, "relu", "mish"))
def test_third_derivatives_follow_the_formula(name: str) -> None:
    given = DEFAULTS[name]
    # It jumps at 0, or the coefficients of the kernel make 1e-16 of what is 0.
    smooth = not actfn.get(name).with_parameters(**given).kinks and name not in ("elu", "softsign", "gelu_tanh")
    for x in (-1e300, -800.0, -40.0, -6.0, -1.5, *([0.0] if smooth else []), 0.75, 4.0, 40.0, 800.0, 1e300):
        at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        derived = getattr(A, name)(at, **given)
        for _ in range(3):
            (derived,) = torch.autograd.grad(derived, at, create_graph=True)
        expected = derivative_of_derivative(name, {"x": x, **given}, "x", "x", order=2)
        assert float(derived.detach()) == pytest.approx(expected, rel=1e-10, abs=1e-300), x


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", PEERS)
def test_values_and_gradients_of_pytorch_hold(name: str, dtype: torch.dtype) -> None:
    x = (torch.randn(64, 5, generator=torch.Generator().manual_seed(0)) * 4).to(dtype).requires_grad_()
    g = torch.randn(64, 5, generator=torch.Generator().manual_seed(1)).to(dtype)
    ours, theirs = call(name)(x), PEERS[name](x)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, x, g), torch.autograd.grad(theirs, x, g))


# PyTorch's own published expectations of these functions, on its grid.
def test_what_pytorch_expects_of_its_own_functions() -> None:
    x = torch.linspace(-10, 10, 27, dtype=torch.float64).reshape(3, 3, 3)
    n = x.numpy()

    def close(found: torch.Tensor, expected: Any) -> None:
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-12)

    for alpha in (0.0, 0.42, 1.0, 4.2, 42.42):
        for elu in (A.elu(x, alpha), A.ELU(alpha)(x)):
            close(elu, np.maximum(0, n) + np.minimum(0, alpha * (np.exp(n) - 1)))
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    close(A.SELU()(x), scale * (np.maximum(0, n) + np.minimum(0, alpha * (np.exp(n) - 1))))
    for slope in (0.0, 0.42, 1.0):
        close(A.LeakyReLU(slope)(x), np.where(n < 0, slope * n, n))
    close(A.PReLU(3, dtype=torch.float64)(x), np.where(n < 0, 0.25 * n, n))
    for beta in (0.5, 1.0, 2.0):
        close(A.Softplus(beta)(x), np.log1p(np.exp(n * beta)) / beta)
    close(A.GELU()(x), n * 0.5 * scipy.special.erfc(-n / 2**0.5))
    close(A.GELUTanh()(x), n / (1 + np.exp(-2 * (2 / np.pi) ** 0.5 * (n + 0.044715 * n**3))))
    close(A.SiLU()(x), n / (1 + np.exp(-n)))
    close(A.Mish()(x), n * np.tanh(np.log1p(np.exp(n))))
    close(A.Softsign()(x), n / (1 + np.abs(n)))
    close(A.HardSigmoid()(x), np.clip(n / 6 + 0.5, 0, 1))
    rows = np.arange(10.0).reshape(2, 5)
    shares = np.exp(rows) / np.exp(rows).sum(1, keepdims=True)
    close(A.Softmax(1)(torch.tensor(rows)), shares)
    close(A.LogSoftmax(1)(torch.tensor(rows) + 10_000), np.log(shares))
    assert A.softmax(torch.tensor(3.0), 0) == 1
    nan = torch.tensor([float("nan")])
    assert all(call(name)(nan).isnan().item() for name in [*ELEMENTWISE, *ROWS])
    layer, fixed = A.PReLU(), torch.randn(2, 3, 4, 5)
    layer(fixed).mean().backward()
    assert fixed.grad is None
    assert layer.weight.grad is not None


@pytest.mark.parametrize("name", thinned([*ELEMENTWISE, *ROWS], "relu", "mish", "swish", "softmax"))
def test_transformations(name: str) -> None:
    f, x = call(name), torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    v = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    g = v[:, 0] if f(x).ndim < 2 else v
    (expected,) = torch.autograd.functional.vjp(f, x, g)[1:]
    per_row = torch.func.vmap(torch.func.grad(lambda row, w: (f(row) * w).sum()))(x, g)
    torch.testing.assert_close(per_row, expected)
    torch.testing.assert_close(
        torch.func.vmap(f, in_dims=1, out_dims=1)(x.T.contiguous().T) if name not in ROWS else f(x), f(x)
    )
    value, tangent = torch.func.jvp(f, (x,), (v,))
    torch.testing.assert_close(value, f(x))
    torch.testing.assert_close(torch.func.vjp(f, x)[1](g)[0], expected)
    jacobian = torch.func.jacfwd(f)(x[0])
    torch.testing.assert_close(jacobian, torch.func.jacrev(f)(x[0]))
    torch.testing.assert_close(tangent[0], jacobian @ v[0])
    row = x[0] + 0.1
    torch.testing.assert_close(
        torch.func.hessian(lambda r: f(r)[0])(row), torch.autograd.functional.hessian(lambda r: f(r)[0], row)
    )


def test_gradients_of_maxout() -> None:
    x = torch.linspace(-3.1, 3.3, 12, dtype=torch.float64).reshape(2, 6).requires_grad_()
    for grouping in ("contiguous", "strided"):
        assert gradcheck(
            lambda x, g=grouping: A.maxout(x, 3, grouping=g), x, check_forward_ad=True, check_batched_grad=True
        )
        assert gradgradcheck(lambda x, g=grouping: A.maxout(x, 3, grouping=g), x)


def test_every_function_has_a_function_and_a_module() -> None:
    names = [name for name in actfn.names() if is_builtin(actfn.get(name))]
    assert [*A.functions] == names
    assert {module.function.name for module in A.modules.values()} == {*names}
    for name in names:
        assert getattr(A, name) is A.functions[name]
        assert getattr(A, A.class_name(name)) is A.modules[A.class_name(name)]
        assert A.functions[name].__doc__.startswith(actfn.get(name).summary)


def test_vmap_over_parameters() -> None:
    x, beta = torch.randn(5, 3), torch.linspace(0.5, 2, 5)
    mapped = torch.func.vmap(A.swish)(x, beta)
    torch.testing.assert_close(mapped, A.swish(x, beta[:, None]))
    torch.testing.assert_close(torch.func.vmap(A.swish, in_dims=(None, 0))(x[0], beta), A.swish(x[0], beta[:, None]))


@pytest.mark.parametrize("name", thinned(COMMON, "mish", "swish", "softmax", "maxout"))
def test_compiled_without_a_break(name: str) -> None:
    torch._dynamo.reset()
    module = made(name)
    compiled = torch.compile(module, fullgraph=True)
    x = torch.randn(4, 3, requires_grad=True)
    eager, fast = module(x), compiled(x)
    torch.testing.assert_close(fast, eager, rtol=0, atol=0)
    wanted = [x, *module.parameters()]
    found = torch.autograd.grad(fast.sum(), wanted), torch.autograd.grad(eager.sum(), wanted)
    torch.testing.assert_close(*found, rtol=1e-6, atol=0)


def in_forward_mode(f: Any) -> Any:
    def derivative(x: torch.Tensor) -> Any:
        with forward_ad.dual_level():
            return forward_ad.unpack_dual(f(forward_ad.make_dual(x, torch.ones_like(x)))).tangent

    return derivative


TRANSFORMATIONS = {
    "grad": lambda f: torch.func.grad(lambda x: f(x)[..., 0].sum()),
    "grad of grad": lambda f: torch.func.grad(
        lambda x: torch.func.grad(lambda u: f(u)[..., 0].sum())(x).square().sum()
    ),
    "jvp": lambda f: lambda x: torch.func.jvp(f, (x,), (x.cos(),))[1],
    "vmap": lambda f: torch.func.vmap(torch.func.grad(lambda x: f(x).square().sum())),
    "forward mode": in_forward_mode,
}


@pytest.mark.filterwarnings("ignore:.*lru_cache")
@pytest.mark.parametrize("name", thinned([*ELEMENTWISE, *ROWS], "swish", "softmax"))
def test_transformations_are_compiled(name: str) -> None:
    size = torch.tensor([[0.0], [1e-30], [1e-3], [0.3], [1.0], [2.9], [5.0], [12.0], [40.0], [80.0], [1e4], [1e30]])
    x = torch.cat([size, -size]) if name in ELEMENTWISE else torch.tensor([[0.0, 1, -3], [20, 0, 20], [-80, 0, 5]])
    for what, transformation in TRANSFORMATIONS.items():
        torch._dynamo.reset()
        transformed = transformation(call(name))
        compiled = torch.compile(transformed, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(
            compiled(x), transformed(x), rtol=1e-6, atol=0, msg=lambda text, what=what: f"{what}: {text}"
        )


@pytest.mark.parametrize("name", thinned(COMMON, "gelu", "swish", "softmax", "maxout"))
def test_exported(name: str) -> None:
    module, x = made(name).eval(), torch.randn(4, 3)
    program = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    other = torch.randn(9, 3) * 5
    torch.testing.assert_close(program.module()(other), module(other), rtol=2e-7, atol=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_model_goes_through_onnx() -> None:
    import onnxruntime

    names = [name for name in COMMON if name not in ("maxout", *ROWS) and A.class_name(name) in A.modules]

    class Each(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.each = nn.ModuleList(made(name) for name in names)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([module(x) for module in self.each])

    size = torch.logspace(-30, 2.2, 400)
    x = torch.cat([size, -size, torch.tensor([0.0, float("inf"), -float("inf"), float("nan")])])
    program = torch.onnx.export(Each().eval(), (x,), dynamo=True, verbose=False)
    assert program is not None
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    (got,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    for name, row in zip(names, got, strict=True):
        np.testing.assert_array_max_ulp(row[:-1], made(name)(x[:-1]).detach().numpy(), 1)
        assert np.isnan(row[-1]), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_rows_and_groups_go_through_onnx() -> None:
    import onnxruntime

    model, x = nn.Sequential(A.Maxout(4, 5, pieces=3), A.LogSoftmax(), A.Softmax(0)).eval(), torch.randn(6, 4)
    program = torch.onnx.export(model, (x,), dynamo=True, verbose=False)
    assert program is not None
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    (got,) = session.run(None, {session.get_inputs()[0].name: 9 * x.numpy()})
    torch.testing.assert_close(torch.tensor(got), model(9 * x), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", COMMON)
def test_copies_pickles_and_states(name: str) -> None:
    module, x = made(name), torch.randn(4, 3)
    y = module(x)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert type(other) is type(module)
        assert repr(other) == repr(module)
        assert torch.equal(other(x), y)
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    buffer.seek(0)
    assert torch.equal(y, (made(name).load_state_dict(torch.load(buffer)), module(x))[1])


def test_prelu_takes_the_state_of_pytorchs() -> None:
    x = torch.randn(2, 3, 4, requires_grad=True)
    theirs = nn.PReLU(3)
    nn.init.uniform_(theirs.weight)
    ours = A.PReLU(3)
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(x), theirs(x))
    g = torch.randn(2, 3, 4)
    torch.testing.assert_close(
        torch.autograd.grad(ours(x), (x, ours.weight), g), torch.autograd.grad(theirs(x), (x, theirs.weight), g)
    )


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_one_tensor_is_saved(name: str) -> None:
    saved: list[torch.Tensor] = []
    x = torch.randn(100, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(t), t)[1], lambda t: t):
        y = call(name)(x)
    assert len(saved) == 1
    by_output = name in ("identity", "relu", "leaky_relu")
    assert saved[0].data_ptr() == (y if by_output else x).data_ptr()


def test_what_layers_save() -> None:
    x = torch.randn(4, 6, requires_grad=True)
    for layer, shapes in [
        (A.Softmax(), [(4, 6)]),
        (A.LogSoftmax(), [(4, 6)]),
        (A.ELU(0.5), [(4, 6)]),
        (A.PReLU(6), [(4, 6), (6,)]),
        (lambda x: A.maxout(x, 3), [(4, 2), (4, 2)]),
    ]:
        saved: list[tuple[int, ...]] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=saved: (s.append(tuple(t.shape)), t)[1], lambda t: t):
            layer(x)
        assert sorted(saved) == sorted(shapes)


PEAK = """
import resource, sys, torch
torch.set_num_threads(1)
if sys.argv[1] == "actfn":
    import actfn.torch
    layer = actfn.torch.Mish()
else:
    layer = torch.nn.Mish()
x = torch.randn(10, requires_grad=True)
layer(x).sum().backward()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
x = torch.randn(2**21, requires_grad=True)
y = x
for _ in range(24):
    y = layer(y)
y.sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_peak_memory_is_that_of_pytorch() -> None:
    def peak(which: str) -> int:
        done = subprocess.run([sys.executable, "-c", PEAK, which], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert peak("actfn") <= 1.02 * peak("torch")


def test_no_copy_on_the_cpu() -> None:
    from actfn.libraries import torch_operators

    x = torch.randn(1000)
    assert torch_operators.as_array(x).ctypes.data == x.data_ptr()
    for shape in ((3, 4), (2, 3, 4, 5)):
        x = torch.randn(shape).transpose(0, 1)
        assert A.mish(x).stride() == x.stride()
        torch.testing.assert_close(A.mish(x), A.mish(x.contiguous()))
    every_other = torch.randn(20)[::2]
    torch.testing.assert_close(A.mish(every_other), A.mish(every_other.clone()))
    conjugate = torch.randn(5, dtype=torch.complex64).conj().imag
    assert conjugate.is_neg()
    torch.testing.assert_close(A.mish(conjugate), A.mish(conjugate.clone()))
    assert A.mish(torch.zeros(0, 3)).shape == (0, 3)


def test_in_place_where_it_is_right() -> None:
    x = torch.randn(50)
    for name in ("relu", "leaky_relu"):
        leaf = x.clone().requires_grad_()
        z = leaf * 1
        y = getattr(A, name)(z, inplace=True)
        assert y.data_ptr() == z.data_ptr()
        (found,) = torch.autograd.grad(y.sum(), leaf)
        torch.testing.assert_close(found, actfn.get(name).derivative(x))
    with pytest.raises(ValueError, match="mish cannot work in place"):
        A.mish(x, inplace=True)
    with pytest.raises(ValueError, match="leaky_relu cannot work in place"):
        A.LeakyReLU(-0.1, inplace=True)
    with pytest.raises(RuntimeError, match="leaf"):
        A.relu(torch.ones(2, requires_grad=True), inplace=True)


def test_autocast_keeps_the_dtype() -> None:
    model = nn.Sequential(nn.Linear(4, 4), A.Mish(), A.PReLU(4), A.Softmax())
    with torch.autocast("cpu", torch.bfloat16):
        y = model(torch.randn(3, 4))
    assert y.dtype is torch.bfloat16
    y.sum().backward()
    assert all(p.grad is not None and p.grad.dtype is torch.float32 for p in model.parameters())


def test_activations_take_tensors_with_their_gradients() -> None:
    x = torch.randn(5, dtype=torch.float64, requires_grad=True)
    for name in ELEMENTWISE:
        (found,) = torch.autograd.grad(actfn.get(name)(x, **GIVEN.get(name, {})).sum(), x)
        torch.testing.assert_close(found, actfn.get(name).derivative(x, **GIVEN.get(name, {})).detach(), rtol=0, atol=0)
    beta = torch.tensor(2.0, requires_grad=True)
    actfn.swish(x, beta=beta).sum().backward()
    assert beta.grad is not None
    assert float(beta.grad) == pytest.approx(
        float(actfn.swish.parameter_vjp(x.detach().numpy(), np.ones(5), beta=2.0)["beta"])
    )


def trained() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(4, 8),
        nn.GELU(),
        nn.Sequential(nn.LeakyReLU(0.3, inplace=True), nn.PReLU(8), nn.ELU(0.5)),
        nn.Softplus(beta=2.0),
        nn.LogSoftmax(dim=1),
    )


def test_replace() -> None:
    model, x = trained(), torch.randn(5, 4)
    before, weight = model(x), model[2][1].weight
    for kind in (nn.GELU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.Softplus, nn.LogSoftmax):
        assert A.replace(model, kind) == 1
    torch.testing.assert_close(model(x), before)
    assert isinstance(model[2][0], A.LeakyReLU)
    assert model[2][0].inplace
    assert (model[2][0].negative_slope, model[2][2].alpha, model[3].beta, model[4].dim) == (0.3, 0.5, 2.0, 1)
    assert model[2][1].weight is weight
    shared = nn.ReLU()
    twice = nn.Sequential(shared, nn.Linear(2, 2), shared)
    assert A.replace(twice, nn.ReLU, "mish") == 2
    assert twice[0] is twice[2]
    assert isinstance(twice[0], A.Mish)
    assert A.replace(twice, A.Mish, lambda old: nn.Tanh()) == 2


def test_replace_refuses_what_would_change_the_function() -> None:
    model = nn.Sequential(nn.GELU(), nn.GELU("tanh"))
    with pytest.raises(ValueError, match="computes gelu_tanh, and gelu is another function"):
        A.replace(model, nn.GELU, "gelu")
    assert isinstance(model[0], nn.GELU)
    assert A.replace(model, nn.GELU) == 2
    assert repr(model[1]) == "GELUTanh()"
    with pytest.raises(ValueError, match="the model has no ReLU; it has GELU, GELUTanh"):
        A.replace(model, nn.ReLU, "mish")
    with pytest.raises(ValueError, match="the model itself is a ReLU"):
        A.replace(nn.ReLU(), nn.ReLU, "mish")
    with pytest.raises(actfn.UnknownNameError, match="mish"):
        A.replace(nn.Sequential(nn.ReLU()), nn.ReLU, "mihs")


# 1 / sqrt(E f(z)^2), from published tables and by hand.
GAINS = {
    "relu": 2**0.5,
    "gelu": 1.53353044,
    "silu": 1.67653247,
    "mish": 1.48684758,
    "tanh": 1.59253742,
    "elu": 1.24519830,
}


DEEP = (*GAINS, "selu", "softsign", "sigmoid", "softplus", "leaky_relu", "hard_sigmoid")
# E z f(z) f'(z) / E f(z)^2 is the power by which a layer passes a change of size on; above 1 it grows.
UNSTEADY = {"gelu": 1.144, "silu": 1.173, "mish": 1.076}


@pytest.mark.parametrize("name", thinned(DEEP, "relu"))
def test_gains_keep_the_size_over_many_layers(name: str) -> None:
    activation, generator = actfn.get(name), torch.Generator().manual_seed(0)
    assert A.init.gain(name) == pytest.approx(GAINS.get(name, A.init.gain(getattr(A, name))), abs=1e-7)
    power = expectation(lambda z: z * activation(z) * activation.gradient(z), [-3, 3]) / moment(activation)
    assert power == pytest.approx(UNSTEADY[name], abs=5e-4) if name in UNSTEADY else power < 1 + 1e-12
    for fill in (A.init.kaiming_normal_, A.init.kaiming_uniform_):
        z = torch.randn(256, 512, generator=generator)
        for _ in range(15 if name in UNSTEADY else 50):
            z = getattr(A, name)(z) @ fill(torch.empty(512, 512), name, generator=generator).T
            assert 0.5 < float(z.square().mean().sqrt()) < 2


def test_gains() -> None:
    assert A.init.gain("selu") == pytest.approx(1, rel=1e-12)
    assert A.init.gain("leaky_relu", negative_slope=0.2) == pytest.approx((2 / 1.04) ** 0.5, rel=1e-12)
    for activation in (actfn.relu, actfn.hard_sigmoid, actfn.softsign):
        exact = activation.properties().forward_gain.value
        assert A.init.gain(activation) == pytest.approx(exact, rel=1e-12)
        # Without the kinks known, some digits are lost.
        assert A.init.gain(lambda z, f=activation: getattr(A, f.name)(z)) == pytest.approx(exact, rel=1e-5)
    assert A.init.gain(lambda z: 3 * z) == pytest.approx(1 / 3, rel=1e-12)
    weight = A.init.kaiming_normal_(torch.empty(400, 100, 3), torch.relu, "fan_out")
    assert float(weight.std()) == pytest.approx((2 / 1200) ** 0.5, rel=0.02)
    for message, kind, call in [
        (
            "mode must be 'fan_in' or 'fan_out', got 'fan'",
            ValueError,
            lambda: A.init.kaiming_normal_(weight, "relu", "fan"),
        ),
        ("at least two dimensions", ValueError, lambda: A.init.kaiming_uniform_(torch.empty(3), "relu")),
        ("softmax has no gain", TypeError, lambda: A.init.gain("softmax")),
        ("prelu needs alpha", TypeError, lambda: A.init.gain("prelu")),
        ("has no gain: E f", ValueError, lambda: A.init.gain(actfn.logit)),
        ("has no gain: E f", ValueError, lambda: A.init.gain(torch.zeros_like)),
        ("alpha= goes with a function of the catalogue", TypeError, lambda: A.init.gain(torch.relu, alpha=1)),
        ("did you mean mish", actfn.UnknownNameError, lambda: A.init.gain("mihs")),
    ]:
        with pytest.raises(kind, match=message):
            call()


def test_bad_input_is_one_clear_error() -> None:
    with pytest.raises(TypeError, match=r"takes a tensor of float16, .* got torch.int64; x.float\(\) makes it one"):
        A.mish(torch.arange(3))
    with pytest.raises(TypeError, match=r"A.Mish|actfn.torch.mish takes a torch.Tensor, got ndarray"):
        A.Mish()(np.ones(3))
    with pytest.raises(RuntimeError, match="floating point"):
        A.mish(torch.arange(3, requires_grad=True))
    with pytest.raises(ValueError, match=r"a parameter of shape \(2,\) does not broadcast against x of shape \(4, 3\)"):
        A.prelu(torch.ones(4, 3), torch.ones(2))
    with pytest.raises(ValueError, match=r"PReLU has 5 parameters, one for each channel of axis 1, and got x of shape"):
        A.PReLU(5)(torch.ones(4, 3))
    with pytest.raises(TypeError, match="prelu needs alpha"):
        A.prelu(torch.ones(3))
    with pytest.raises(ValueError, match="elu: alpha must be in"):
        A.ELU(-1.0)
    with pytest.raises(AttributeError, match="no attribute 'Mihs'; did you mean Mish"):
        A.Mihs  # noqa: B018


def test_a_missing_pytorch_is_one_clear_error() -> None:
    code = "import sys; sys.modules['torch'] = None; import actfn.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr.strip().splitlines()[-1]
        == 'ModuleNotFoundError: actfn.torch needs PyTorch: pip install "actfn[torch]"'
    )


@pytest.mark.slow
def test_the_example_trains() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "torch_digits.py"], capture_output=True, text=True, check=True
    )
    lines = done.stdout.strip().splitlines()
    accuracies = {line.split()[0]: float(line.split()[-2]) for line in lines}
    assert set(accuracies) == {"relu", "mish", "swish", "prelu", "maxout"}
    assert min(accuracies.values()) > 90


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")
@pytest.mark.parametrize("name", ["mish", "gelu_tanh", "softmax"])
def test_the_kernels_of_other_devices_are_fused_by_the_compiler(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_operators, "available", lambda x: False)
    torch._dynamo.reset()
    x = torch.randn(8, 12, requires_grad=True)
    compiled = torch.compile(getattr(A, name), fullgraph=True)
    g = torch.randn(8, 12)
    (found,), programs = run_and_get_code(lambda: torch.autograd.grad(compiled(x), x, g))
    assert [program.count("async_compile.cpp") for program in programs] == [1, 1]
    assert not any("torch.ops.actfn" in program for program in programs)
    torch.testing.assert_close(found, torch.autograd.grad(getattr(A, name)(x), x, g)[0], rtol=3e-7, atol=0)
