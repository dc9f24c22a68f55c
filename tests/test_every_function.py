"""Every function in PyTorch, JAX and Keras: what NumPy's compiled loops give, which are proven elsewhere, at hard points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from reference import thinned

import actfn
import actfn.jax as J
import actfn.torch as T
from actfn.libraries import run, torch_fast, torch_operators
from actfn.libraries.find import Library

Array = np.ndarray[Any, np.dtype[Any]]
KINDS = {name: actfn.get(name).kind for name in actfn.names()}
EACH = [name for name, kind in KINDS.items() if kind in ("elementwise", "expansion")]
ELEMENTWISE = [name for name in EACH if KINDS[name] == "elementwise"]
OTHERS = [name for name, kind in KINDS.items() if kind in ("simplex", "gated", "channelwise", "grouped")]
STAND_INS = ("relu", "gelu", "xielu", "seagull")
WITH_PARAMETERS = [name for name in EACH if actfn.get(name).parameters]

SIZES = [0, 1e-30, 1e-10, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4.75, 6, 8, 12, 20, 40, 85, 95, 104]
FAR = [200, 800, 1e4, 1e10, 1e15, 1e20, 1e30, 3e38]
BEYOND = [1e-300, 700, 740, 1e100, 1e150, 1e155, 1e200, 1e300, 1.7e308]
SUBNORMAL = {"float32": [1e-40, 1e-45], "float64": [1e-310, 5e-324]}


def points(dtype: str, subnormal: bool = True) -> Array:
    sizes = np.array([*SIZES, *FAR, *(BEYOND if dtype == "float64" else []), *(SUBNORMAL[dtype] if subnormal else [])])
    return np.concatenate([sizes, -sizes, [np.inf, -np.inf, np.nan]]).astype(dtype)


def given(name: str) -> dict[str, Any]:
    """Return parameters that float32 holds too: where there is no float64, they are float32 numbers."""
    values = {key: p.example if p.default is None else p.default for key, p in actfn.get(name).parameters.items()}
    return {
        key: value if isinstance(value, (str, int)) else np.float32(value).tolist() for key, value in values.items()
    }


def agree(got: Any, exact: Array, flushed: bool = False) -> None:
    """Assert that numbers are within 4 ULP; where subnormal numbers are taken for zero, those below 2^-124 need only be small."""
    got = np.asarray(got)
    assert got.dtype == exact.dtype
    assert got.shape == exact.shape
    tiny = np.finfo(exact.dtype).tiny
    with np.errstate(all="ignore"):
        error = np.abs(got.astype(np.longdouble) - exact) / np.spacing(np.abs(exact))
        right = (got == exact) | (np.isnan(got) & np.isnan(exact)) | (error <= 4)
        if flushed:
            right |= (np.abs(exact) < 4 * tiny) & (np.abs(got) < 4 * tiny)
        signs = (np.signbit(got) == np.signbit(exact)) | (exact != 0) | np.isnan(exact)
    assert right.all(), (got[~right], exact[~right], np.flatnonzero(~right))
    assert flushed or signs.all(), np.flatnonzero(~signs)


@pytest.fixture(params=["compiled", "composite"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take the compiled loops, or PyTorch's own operations, as on any other device than a CPU."""
    if request.param == "composite":
        monkeypatch.setattr(torch_operators, "available", lambda x: False)
        monkeypatch.setattr(torch_fast, "applicable", lambda x: False)
    return str(request.param)


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EACH)
def test_pytorch(name: str, dtype: str) -> None:
    x, function, parameters = points(dtype), actfn.get(name), given(name)
    at = torch.tensor(x, requires_grad=True)
    y = T.functions[name](at, **parameters)
    (first,) = torch.autograd.grad(y, at, torch.ones_like(y), create_graph=True)
    (second,) = torch.autograd.grad(first, at, torch.ones_like(y))
    for order, got in enumerate((y, first, second)):
        agree(got.detach().numpy(), function.derivative(x, order=order, **parameters))


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", thinned(EACH, "mpelu", "apl"))
def test_jax(name: str, dtype: str) -> None:
    x, function, parameters = points(dtype, subnormal=False), actfn.get(name), given(name)

    def value(x: Any) -> Any:
        return J.functions[name](x, **parameters)

    first = jax.grad(lambda x: value(x).sum())
    for order, call in enumerate((value, first, jax.grad(lambda x: first(x).sum()))):
        agree(call(jnp.asarray(x)), function.derivative(x, order=order, **parameters), flushed=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", thinned(ELEMENTWISE, *STAND_INS))
def test_xlas_own_operations(name: str, dtype: str) -> None:
    # In pairs of the dtype, as where no loop of ours can be called and there is no wider format.
    x, function, parameters = points(dtype, subnormal=False), actfn.get(name), given(name)
    with jax.enable_x64(dtype == "float64"):
        kernels = ("value", "first", "second")
        found = run.evaluate(
            Library("jax", jnp), function._declaration, kernels, jnp.asarray(x), tuple(parameters.values())
        )
        for order, got in enumerate(found):
            agree(got, function.derivative(x, order=order, **parameters), flushed=True)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_gradients_of_parameters_in_pytorch(name: str) -> None:
    x, g = np.random.default_rng(0).normal(0, 2, (2, 6, 4))
    function, held = actfn.get(name), {key: np.asarray(value, np.float64) for key, value in given(name).items()}
    tensors = {key: torch.tensor(value, requires_grad=True) for key, value in held.items()}
    y = T.functions[name](torch.tensor(x), **tensors)
    found = torch.autograd.grad(y, list(tensors.values()), torch.tensor(g))
    for (key, exact), got in zip(function.parameter_vjp(x, g, **held).items(), found, strict=True):
        np.testing.assert_allclose(got.numpy(), exact, rtol=1e-12, err_msg=key)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", thinned(WITH_PARAMETERS, "mpelu", "apl"))
def test_gradients_of_parameters_in_jax(name: str) -> None:
    x, g = np.random.default_rng(0).normal(0, 2, (2, 6, 4))
    function, held = actfn.get(name), {key: np.asarray(value, np.float64) for key, value in given(name).items()}
    found = jax.grad(lambda held: (J.functions[name](jnp.asarray(x), **held) * g).sum())(
        {key: jnp.asarray(value) for key, value in held.items()}
    )
    for key, exact in function.parameter_vjp(x, g, **held).items():
        np.testing.assert_allclose(found[key], exact, rtol=1e-12, err_msg=key)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", thinned(["snake", "soft_exponential", "srelu", "derf", "slaf"], "snake"))
def test_beside_array_parameters_the_second_derivative_is_the_declared_one(name: str) -> None:
    x, function = points("float64", subnormal=False), actfn.get(name)
    arrays = {key: jnp.asarray(value) for key, value in given(name).items()}
    first = jax.grad(lambda x: J.functions[name](x, **arrays).sum())
    exact = function.derivative(x, order=2, **given(name))
    agree(jax.grad(lambda x: first(x).sum())(jnp.asarray(x)), exact, flushed=True)


ROWS = np.random.default_rng(3).normal(0, 2, (4, 6))


@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("name", thinned(OTHERS, "swiglu", "crelu", "sparsemax", "logsumexp", "maxout", "softmax"))
def test_functions_of_several_numbers(name: str, library: str) -> None:
    function, parameters = actfn.get(name), given(name)
    exact = function(ROWS, **parameters)
    g = np.random.default_rng(4).normal(size=exact.shape)
    if library == "torch":
        along = {"dim": -1} if KINDS[name] == "channelwise" else {}
        x = torch.tensor(ROWS, requires_grad=True)
        y = T.functions[name](x, **parameters, **along)
        (found,) = torch.autograd.grad(y, x, torch.tensor(g))
        y = y.detach()
    else:
        with jax.enable_x64(True):
            y, back = jax.vjp(lambda x: J.functions[name](x, **parameters), jnp.asarray(ROWS))
            (found,) = back(jnp.asarray(g))
    np.testing.assert_allclose(np.asarray(y), exact, rtol=4e-15)
    # A product with a Jacobian is a difference of terms of the size of g.
    np.testing.assert_allclose(np.asarray(found), function.vjp(ROWS, g, **parameters), rtol=1e-13, atol=2e-15)


def test_every_function_is_tried() -> None:
    assert {*EACH, *OTHERS, "rrelu", "probact", "gumbel_softmax", "dice"} == {*actfn.names()}
    assert [*T.functions] == [*J.functions] == [*actfn.names()]
