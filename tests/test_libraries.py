"""Kernels in other array libraries: the same numbers, in the library's own arrays, whatever its compiler does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import array_api_strict
import jax
import jax.numpy as jnp
import ml_dtypes
import mpmath
import numpy as np
import pytest
import torch
from reference import COMMON, DEFAULTS, ELEMENTWISE, PARAMETERS, thinned

import actfn
from actfn.accuracy import sample
from actfn.accuracy.formats import Format, format_of
from actfn.accuracy.judge import Judge
from actfn.accuracy.report import Report
from actfn.accuracy.tally import Tally
from actfn.functions.declare import KERNELS
from actfn.libraries import torch_fast, torch_gradients, torch_operators
from actfn.libraries.differentiable import Differentiable
from actfn.libraries.find import Library
from actfn.libraries.run import evaluate

Array = np.ndarray[Any, np.dtype[Any]]
INVERSES = ("logit", "inverse_tanh", "inverse_softsign", "inverse_elu", "inverse_selu", "inverse_softplus")
EVERY = (*ELEMENTWISE, *INVERSES)


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep CPU tensors away from the compiled loops, as on any other device."""
    monkeypatch.setattr(torch_operators, "available", lambda x: False)
    monkeypatch.setattr(torch_fast, "applicable", lambda x: False)


@pytest.fixture(params=[False, True], ids=["x32", "x64"])
def x64(request: pytest.FixtureRequest) -> Iterator[bool]:
    with jax.enable_x64(request.param):
        yield request.param


def to_torch(x: Array) -> torch.Tensor:
    if x.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(x)


def to_numpy(x: Any) -> Array:
    if isinstance(x, torch.Tensor):
        if x.dtype == torch.bfloat16:
            return x.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return x.numpy()
    return np.asarray(x)


LIBRARIES: dict[str, Callable[[Array], Any]] = {
    "torch": to_torch,
    "jax": jnp.asarray,
    "array_api_strict": array_api_strict.asarray,
}


def settled(name: str) -> actfn.Activation:
    return actfn.get(name).with_parameters(**DEFAULTS.get(name, {}))


def verdict(
    function: actfn.Activation, order: int, form: Format, call: Callable[[Array], Any], normal: bool, each: int
) -> tuple[float, dict[str, int]]:
    """Return the largest error in ULP, and what else was wrong.

    Errors beside a root of a derivative count as float64's do, in ULP of the value one part in 1,024 away. Where subnormal numbers
    are taken for zero, ``normal`` leaves them out, as input and as result.
    """
    judge = Judge(function, order, form)
    x = sample.every(form) if form.digits < 24 else sample.stratified(form, judge.places, each, 0)
    tiny = float(ml_dtypes.finfo(form.dtype).tiny)
    if normal:
        with np.errstate(all="ignore"):
            x = x[~((np.abs(x.astype(np.float64)) < tiny) & (x != 0))]
    got = to_numpy(call(x.copy()))
    assert got.dtype == x.dtype
    assert got.shape == x.shape
    if normal:
        with np.errstate(all="ignore"):
            exact = judge._exact(x.astype(np.float64), got.astype(np.float64))[0]
        x, got = x[~(np.abs(exact) <= 2 * tiny)], got[~(np.abs(exact) <= 2 * tiny)]
    if form.name == "float32":
        for root in judge.roots:
            far = ~(np.abs(x / root - 1) < 2.0**-10)
            beside = float(judge.oracle.at(root * (1 + 2.0**-10)).rounded(form))
            exact, near = judge._exact(x[~far].astype(np.float64), got[~far].astype(np.float64))
            unit = form.unit(np.maximum(np.abs(np.array([beside])), np.abs(exact)))
            assert np.all(near * form.unit(exact) / unit <= 4), (function, order)
            x, got = x[far], got[far]
    tally = Tally(form)
    judge.add(tally, x, got, 4.0)
    report = Report("", function.name, order, form.name, 4.0, False, tally, judge.reference_error)
    return report.max_ulp, {kind: count for kind, count in report.faults.items() if count}


@pytest.mark.slow
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("library", ["torch", "array_api_strict"])
@pytest.mark.parametrize("name", EVERY)
def test_the_checker_passes_in_libraries(name: str, library: str, dtype: str) -> None:
    function = settled(name)
    for order in range(3):
        error, faults = verdict(
            function,
            order,
            format_of(dtype),
            lambda x, order=order: function.derivative(LIBRARIES[library](x), order=order),
            False,
            8,
        )
        assert error <= (0.51 if dtype == "float32" else 4), (order, error)
        assert not faults, order


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EVERY)
def test_the_checker_passes_in_compiled_jax(name: str, dtype: str, x64: bool) -> None:
    # XLA's own operations, as on another device than a CPU.
    function = settled(name)
    xla, given = Library("jax", jnp), [parameter.default for parameter in function.parameters.values()]
    if dtype == "float64" and not x64:
        assert function(jnp.ones(3)).dtype == "float32"  # there is no float64
        return
    for order, kernel in enumerate(KERNELS):
        call = jax.jit(lambda x, kernel=kernel: evaluate(xla, function._declaration, (kernel,), x, given)[0])
        error, faults = verdict(function, order, format_of(dtype), lambda x, call=call: call(jnp.asarray(x)), True, 8)
        assert error <= 4, (order, error)
        if name == "inverse_softplus" and order == 2:
            # XLA takes a / q / q for a / (q q), which overflows a little earlier.
            assert faults.pop("wrong_infinity", 0) < 10
        assert not faults, order


@pytest.mark.slow
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'> should not", "ignore:.*lru_cache")
@pytest.mark.filterwarnings("ignore:.torch.jit.script")
@pytest.mark.parametrize("name", ["gelu", "mish", "softplus"])
def test_the_checker_passes_in_compiled_torch(name: str) -> None:
    function = settled(name)
    parameters = tuple(DEFAULTS[name].values())
    for order, kernel in enumerate(("value", "first")):
        torch._dynamo.reset()
        compiled = torch.compile(
            lambda x, kernel=kernel: torch_gradients.elementwise(function._declaration, kernel, x, parameters),
            fullgraph=True,
        )
        error, faults = verdict(
            function, order, format_of("float32"), lambda x, compiled=compiled: compiled(torch.from_numpy(x)), False, 8
        )
        assert error <= 0.51
        assert not faults


@pytest.mark.slow
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_sixteen_bits_are_rounded_once(name: str, library: str, dtype: str) -> None:
    function, take = settled(name), LIBRARIES[library]
    for order in range(3):
        error, faults = verdict(
            function,
            order,
            format_of(dtype),
            lambda x, order=order: function.derivative(take(x), order=order),
            library == "jax",
            0,
        )
        assert error <= 0.51, (order, error)
        assert not faults, order


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", thinned(PARAMETERS, "elu", "swish"))
def test_parameters_their_gradients_and_products(name: str, library: str) -> None:
    take, function, given = LIBRARIES[library], actfn.get(name), PARAMETERS[name]
    x, g = np.random.default_rng(0).normal(0, 3, (2, 4, 3)).astype(np.float32)
    spread = {key: np.full(3, value, np.float32) for key, value in given.items()}
    for parameters in (given, spread):
        theirs = {key: take(value) if isinstance(value, np.ndarray) else value for key, value in parameters.items()}
        np.testing.assert_allclose(to_numpy(function(take(x), **theirs)), function(x, **parameters), 1e-6)
        np.testing.assert_allclose(
            to_numpy(function.vjp(take(x), take(g), **theirs)), function.vjp(x, g, **parameters), 1e-6
        )
        both = function.value_and_derivative(take(x), **theirs)
        for got, wanted in zip(both, function.value_and_derivative(x, **parameters), strict=True):
            np.testing.assert_allclose(to_numpy(got), wanted, 1e-6)
        found, expected = (
            function.parameter_vjp(take(x), take(g), **theirs),
            function.parameter_vjp(x.astype(float), g.astype(float), **parameters),
        )
        for key in given:
            assert tuple(found[key].shape) == np.shape(parameters[key])
            np.testing.assert_allclose(to_numpy(found[key]), expected[key], 3e-6)


ROWS = [
    [[16.942385, 0.0, -1.0], [37.43, 0.0, 1.0]],
    [[-np.inf, -np.inf, -np.inf], [np.inf, 1.0, np.inf]],
    [[np.nan, 1.0, 2.0], [1e300, -1e300, 0.0]],
    [[-800.0, 0.0, 0.0], [1.0, 1.0, 1.0]],
]


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("library", thinned(LIBRARIES, "torch", "array_api_strict"))
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows(name: str, library: str, dtype: str) -> None:
    take, function = LIBRARIES[library], actfn.get(name)
    with np.errstate(over="ignore"):
        x = np.array(ROWS).astype(dtype)
    g = np.random.default_rng(0).normal(size=x.shape).astype(dtype)
    g[..., 0] = 1
    with jax.enable_x64(dtype == "float64"):
        for axis in (-1, 0, 1):
            value, product = to_numpy(function(take(x), axis=axis)), to_numpy(function.vjp(take(x), take(g), axis=axis))
            assert value.dtype == product.dtype == np.dtype(dtype)
            tiny = 4 * np.finfo(dtype).tiny if library == "jax" else 0
            limit = 4 * float(np.finfo(dtype).eps)
            np.testing.assert_allclose(value, function(x, axis=axis), limit, tiny)
            # A product is a difference of terms of this size.
            terms = np.abs(g).max() * limit + tiny
            np.testing.assert_allclose(product, function.vjp(x, g, axis=axis), limit, terms)
        square = to_numpy(function.jacobian(take(x[0])))
        np.testing.assert_allclose(square, function.jacobian(x[0]), limit, limit)
        assert function(take(x[:, :, :0])).shape == (4, 2, 0)


def test_small_terms_of_rows_keep_their_digits() -> None:
    for take in LIBRARIES.values():
        row = take(np.array([16.942385, 0.0], np.float32))
        # log(1 + exp(-16.942385)), for the float32 nearest to that.
        assert float(actfn.log_softmax(row)[0]) == pytest.approx(-4.3854e-8, rel=1e-4)
        far, g = take(np.array([37.43, 0.0], np.float32)), take(np.array([1.0, 0.0], np.float32))
        first, second = (float(part) for part in actfn.log_softmax.vjp(far, g))
        assert first == pytest.approx(5.55e-17, rel=1e-2)
        assert second == pytest.approx(-first, rel=1e-6)
        assert float(to_numpy(actfn.softmax(take(np.zeros(70_000, np.float32)))).sum()) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("grouping", ["contiguous", "strided"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_maxout(library: str, grouping: str) -> None:
    take, function = LIBRARIES[library], actfn.maxout.with_parameters(group_size=2, grouping=grouping)
    x = np.array([[1.0, 3.0, 2.0, 2.0], [np.nan, 0.0, -np.inf, 5.0]], np.float32)
    g = np.array([[10.0, 20.0], [30.0, 40.0]], np.float32)
    np.testing.assert_array_equal(to_numpy(function(take(x))), function(x))
    np.testing.assert_array_equal(to_numpy(function.vjp(take(x), take(g))), function.vjp(x, g))


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("library", thinned(LIBRARIES, "torch", "array_api_strict"))
def test_what_comes_out(library: str) -> None:
    take = LIBRARIES[library]
    for name in COMMON:
        if name in ("maxout", "prelu"):
            continue
        function = actfn.get(name)
        for x in (
            take(np.ones((2, 3), np.float32)),
            take(np.ones((0, 2), np.float32)),
            take(np.ones((2, 3), np.int32)),
        ):
            y = function(x)
            assert type(y) is type(x)
            assert y.shape == x.shape
            assert str(y.dtype).endswith(
                "float64" if "int" in str(x.dtype) and library == "array_api_strict" else "float32"
            )
    scalar = actfn.mish(take(np.float32(0.5)) if library != "torch" else torch.tensor(0.5))
    assert scalar.shape == ()


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("library", LIBRARIES)
def test_bad_input_is_one_clear_error(library: str) -> None:
    take = LIBRARIES[library]
    x = take(np.ones((2, 3), np.float32))
    with pytest.raises(TypeError, match="mish is not defined for dtype .*complex64"):
        actfn.mish(take(np.ones(3, np.complex64)))
    with pytest.raises(TypeError, match="softmax is not defined for dtype .*complex64"):
        actfn.softmax(take(np.ones(3, np.complex64)))
    with pytest.raises(TypeError, match="mish takes out= with NumPy arrays only"):
        actfn.mish(x, out=x)
    with pytest.raises(ValueError, match=r"prelu: shape mismatch.*\(2, 3\).*\(2,\)"):
        actfn.prelu(x, alpha=take(np.ones(2, np.float32)))
    with pytest.raises(ValueError, match="axis must be from -2 to 1"):
        actfn.softmax(x, axis=2)
    with pytest.raises(TypeError, match="no parameter 'betta'; did you mean 'beta'"):
        actfn.swish(x, betta=take(np.float32(1)) if library != "torch" else torch.tensor(1.0))


def test_an_array_of_strings_is_one_clear_error() -> None:
    with pytest.raises(TypeError, match="mish is not defined for dtype <U1"):
        actfn.mish(np.array(["a", "b"]))


def test_a_function_of_ones_own_runs_in_libraries() -> None:
    from actfn import catalogue
    from actfn.functions.declare import Interval

    @actfn.elementwise()
    class slanted_step:
        """x for x > 1, else 0."""

        def formula(m: Any, x: Any) -> Any:
            return m.where(x > 1, x, 0)

        def value(m: Any, x: Any) -> Any:
            return m.where(x > 1.0, x, 0.0)

        def first(m: Any, x: Any) -> Any:
            return m.where(x > 1.0, 1.0, 0.0)

        def second(m: Any, x: Any) -> Any:
            return 0.0 * x

        def range() -> Interval:
            return Interval()

    try:
        assert slanted_step(torch.tensor([0.5, 2.0])).tolist() == [0.0, 2.0]
        assert slanted_step(jnp.array([0.5, 2.0])).tolist() == [0.0, 2.0]
    finally:
        del catalogue._all()["slanted_step"]
        catalogue._keys.cache_clear()


def test_no_library_is_imported() -> None:
    code = (
        "import sys, actfn; actfn.mish(1.0); print([n for n in ('torch', 'jax', 'keras', 'sympy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("x", [-700.0, -40.0, -1.0, -0.5, 0.25, 20.0])
@pytest.mark.parametrize(
    ("operation", "exact"),
    [
        ("expm1", mpmath.exp),
        ("tanh", lambda x: mpmath.sech(x) ** 2),
        ("abs", mpmath.sign),
        ("log1p", lambda x: 1 / (1 + x)),
    ],
)
def test_libraries_differentiate_operations_in_the_tails(operation: str, exact: Callable[..., Any], x: float) -> None:
    if operation == "log1p" and x <= -1:
        return

    def applied(library: Library) -> Callable[[Any], Any]:
        return lambda value: getattr(Differentiable(library, [value]), operation)(value)

    with jax.enable_x64(True), mpmath.workdps(400):
        at = torch.tensor(x, dtype=torch.float64)
        found = [float(torch.func.grad(applied(Library("torch", torch)))(at))]
        found.append(float(jax.grad(applied(Library("jax", jnp)))(x)))
        assert found == pytest.approx([float(exact(mpmath.mpf(x)))] * 2, rel=1e-15)
