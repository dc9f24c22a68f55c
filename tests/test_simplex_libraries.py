"""Functions of rows beside softmax over PyTorch, JAX and the array API: the values of NumPy, and derivatives of both orders."""

from __future__ import annotations

from typing import Any

import array_api_strict
import entmax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.test_util import check_grads
from reference import thinned
from test_simplex import FEW, REDUCED

import actfn
import actfn.jax
import actfn.torch
from actfn.libraries import rows
from actfn.libraries.find import NUMPY, Library

QUICK = ("sparsemax", "logsumexp")
few = pytest.mark.parametrize(
    ("name", "parameters"),
    [case if case[0] in QUICK else pytest.param(*case, marks=pytest.mark.slow) for case in FEW],
    ids=str,
)
X = np.random.default_rng(21).normal(size=(3, 5))


def numbers(name: str, parameters: dict[str, float]) -> tuple[float, ...]:
    return tuple(p.default for p in actfn.get(name).with_parameters(**parameters).parameters.values())


# PyTorch warns of itself when forward mode is first used.
@pytest.mark.filterwarnings("ignore:.torch.jit.script")
@few
def test_pytorch(name: str, parameters: dict[str, float]) -> None:
    def function(x: torch.Tensor, dim: int = -1) -> torch.Tensor:
        return actfn.torch.functions[name](x, dim=dim, **parameters)

    x = torch.tensor(X, requires_grad=True)
    y = function(x)
    assert np.array_equal(y.detach().numpy(), actfn.get(name)(X, **parameters))
    g = torch.ones_like(y) * torch.arange(3.0)[:, None].double() if y.ndim > 1 else torch.arange(3.0).double()
    (found,) = torch.autograd.grad(y, x, g)
    assert np.array_equal(found.numpy(), actfn.get(name).vjp(X, g.numpy(), **parameters))
    assert torch.autograd.gradcheck(function, (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, (x,)) or name == "hardmax"
    assert torch.equal(torch.func.vmap(function)(x), y)
    assert torch.equal(function(x.T, dim=0), y.T if y.ndim > 1 else y)
    assert torch.equal(actfn.get(name)(x.detach(), **parameters), y.detach())
    np.testing.assert_allclose(actfn.get(name).vjp(x, g, **parameters).detach(), found, rtol=1e-12, atol=1e-14)


@few
def test_jax(name: str, parameters: dict[str, float]) -> None:
    with jax.enable_x64(True):

        def function(x: Any, axis: int = -1) -> Any:
            return actfn.jax.functions[name](x, axis=axis, **parameters)

        y, back = jax.vjp(function, jnp.asarray(X))
        assert np.array_equal(y, actfn.get(name)(X, **parameters))
        g = np.broadcast_to(np.arange(3.0).reshape(3, *[1] * (y.ndim - 1)), y.shape)
        expected = actfn.get(name).vjp(X, g, **parameters)
        np.testing.assert_allclose(back(jnp.asarray(g))[0], expected, rtol=1e-12, atol=1e-14)
        assert np.array_equal(jax.jit(function)(X), y)
        assert np.array_equal(jax.vmap(function)(X), y)
        assert np.array_equal(function(X.T, axis=0), y.T if y.ndim > 1 else y)
        if name != "hardmax":
            check_grads(function, (jnp.asarray(X),), order=2, rtol=1e-4, atol=1e-4)
    for dtype in ("float16", "bfloat16", "float32"):
        assert function(jnp.asarray(X, dtype)).dtype == dtype
    assert function(jnp.zeros((2, 0))).shape == ((2,) if name in REDUCED else (2, 0))


@few
def test_any_array_library(name: str, parameters: dict[str, float]) -> None:
    function, given = actfn.get(name), array_api_strict.asarray(X)
    y = function(given, **parameters)
    np.testing.assert_array_max_ulp(np.asarray(y), function(X, **parameters), 1)
    g = array_api_strict.ones(y.shape, dtype=array_api_strict.float64) * 0.75
    expected = function.vjp(X, np.asarray(g), **parameters)
    np.testing.assert_allclose(np.asarray(function.vjp(given, g, **parameters)), expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize(("name", "parameters"), [case for case in FEW if case[0] != "softmin"], ids=str)
def test_elementary_operations_are_enough(name: str, parameters: dict[str, float]) -> None:
    declaration, values = actfn.get(name)._declaration, numbers(name, parameters)
    found = rows.run(NUMPY, declaration, "value", [X], -1, values, X.dtype, plain=True)
    expected = actfn.get(name)(X, **parameters)
    np.testing.assert_allclose(found[:, 0] if name in REDUCED else found, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    "name", thinned(["sparsemax", "entmax15", "budget", "logsumexp", "sigsoftmax", "solu"], "sigsoftmax")
)
def test_pairs_of_float32_in_xla(name: str) -> None:
    # What runs where no compiled loop can be called.
    x = jnp.asarray(X, jnp.float32)
    library = Library("jax", jnp)
    found = jax.jit(lambda x: rows.evaluate(library, name, x, 1, parameters=numbers(name, {})))(x)
    np.testing.assert_array_max_ulp(found, actfn.get(name)(np.asarray(x)), 1)


def test_parameters_in_the_libraries() -> None:
    x = torch.tensor(X)
    assert torch.equal(actfn.torch.entmax(x, 2.0), actfn.torch.sparsemax(x))
    module = actfn.torch.modules["Entmax"](alpha=2.0, dim=0)
    assert torch.equal(module(x), actfn.torch.sparsemax(x, dim=0)) and repr(module) == "Entmax(alpha=2.0, dim=0)"
    with jax.enable_x64(True):
        assert np.array_equal(actfn.jax.entmax(X, 2.0), actfn.jax.sparsemax(X))
    with pytest.raises(TypeError, match="one number as alpha"):
        actfn.torch.entmax(x, alpha=torch.ones(3, 1))
    with pytest.raises(TypeError, match="array of alpha with NumPy arrays only"):
        actfn.entmax(x, alpha=np.ones((3, 1)))
    with pytest.raises(TypeError, match="numbers as alpha"):
        actfn.jax.entmax(X, alpha=np.full((3, 1), 1.5))
    with pytest.raises(ValueError, match=r"alpha must be in \[1"):
        actfn.torch.entmax(x, alpha=0.5)


@pytest.mark.parametrize(
    ("name", "theirs", "given"),
    [
        ("sparsemax", entmax.sparsemax, {}),
        ("entmax15", entmax.entmax15, {}),
        ("entmax", entmax.entmax_bisect, {"alpha": 1.25}),
        ("entmax", entmax.entmax_bisect, {"alpha": 1.75}),
        ("normmax", entmax.normmax_bisect, {"alpha": 3.0}),
        ("budget", entmax.budget_bisect, {"budget": 2.0}),
    ],
)
def test_the_package_of_the_authors_agrees(name: str, theirs: Any, given: dict[str, float]) -> None:
    x = torch.tensor(2 * np.random.default_rng(3).normal(size=(200, 7)), requires_grad=True)
    g = np.random.default_rng(4).normal(size=(200, 7))
    y = theirs(x, dim=-1, **given)
    (by_x,) = torch.autograd.grad(y, x, torch.tensor(g))
    own, given_back = actfn.get(name), actfn.get(name).vjp(x.detach().numpy(), g, **given)
    np.testing.assert_allclose(own(x.detach().numpy(), **given), y.detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(given_back, by_x, rtol=1e-9, atol=1e-9)
