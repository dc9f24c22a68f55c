"""A new function is one declaration: in the package it is compiled, in a user's script it works at once."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actfn
from actfn import catalogue

ROOT = Path(__file__).parent.parent

DECLARATION = '''
"""A function that is in no library."""

from actfn.functions.declare import Interval, elementwise


@elementwise(tags=("bounded", "smooth"))
class witch:
    """The witch of Agnesi, 1 / (1 + x^2)."""

    def formula(m, x):
        return 1 / (1 + x**2)

    def value(m, x):
        return m.round(1.0 / (1.0 + m.product(m.minimum(m.abs(x), 1e150), m.minimum(m.abs(x), 1e150))))

    def first(m, x):
        a = m.minimum(m.abs(x), 1e150)
        y = m.round(1.0 / (1.0 + m.product(a, a)))
        return m.copysign(2.0 * a * y * y, -x)

    def second(m, x):
        a = m.minimum(m.abs(x), 1e70)
        d = 1.0 + m.product(a, a)
        return m.round((3.0 * m.product(a, a) - 1.0) * 2.0 / (d * d * d))

    def range():
        return Interval(0.0, 1.0, high_closed=True)
'''

USE = """
import numpy as np, actfn
x = np.linspace(-4, 4, 101)
assert isinstance(actfn.ufuncs.witch, np.ufunc)
assert np.allclose(actfn.witch(x), 1 / (1 + x * x), rtol=1e-15, atol=0)
assert np.allclose(actfn.witch.derivative(x), -2 * x / (1 + x * x) ** 2, rtol=1e-14, atol=1e-300)
assert actfn.witch(x.astype("f2")).dtype == np.float16
assert actfn.witch.formula == "1 / (1 + x^2)"
assert "x^{2}" in actfn.witch.latex() and "x^{2}" in actfn.witch.latex(order=1)
assert actfn.witch.plot().lines
assert "witch" in actfn.names()
print("found")
"""


@pytest.mark.slow
def test_one_new_file_in_the_package_is_enough(tmp_path: Path) -> None:
    copy, target = tmp_path / "actfn", tmp_path / "installed"
    ignored = shutil.ignore_patterns(".*", "build", "__pycache__", "tests")
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / "src" / "actfn" / "functions" / "curves.py").write_text(DECLARATION, encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    quickly = ["-C", "setup-args=-Doptimization=0", "--target", str(target), str(copy)]
    subprocess.run([*install, *quickly], check=True, env=environment, cwd=tmp_path)
    used = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE],
        env={**environment, "PYTHONPATH": str(target)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.stdout == "found\n", used.stderr


class Bodies:
    """Undecorated, so that nothing is declared before these tests run."""

    class half_square:
        """x^2 for x > 0, a straight line below: declared outside the package."""

        def formula(m, x, slope):
            return m.where(x > 0, x * x, slope * x)

        def value(m, x, slope):
            return m.where(x > 0.0, m.round(m.product(x, x)), slope * x)

        def first(m, x, slope):
            return m.where(x > 0.0, 2.0 * x, m.where(x <= 0.0, slope, x))

        def second(m, x, slope):
            return m.where(x > 0.0, 2.0, m.where(x <= 0.0, 0.0, x))

        def partial_slope(m, x, slope):
            return m.where(x > 0.0, 0.0, x)

        def range(slope):
            return actfn.Interval()

        def kinks(slope):
            return (actfn.Kink(0.0, slope, 0.0, chosen=slope),)


half_square: Any = None


@pytest.fixture(autouse=True, scope="module")
def declared_outside_the_package() -> Iterator[None]:
    """Declare a function as a script would, and forget it afterwards, so that no other test meets it."""
    global half_square
    slope = actfn.Parameter("slope", 0.5, actfn.Interval(), "slope for x <= 0")
    half_square = actfn.elementwise(aliases=("leaky_square",), parameters=(slope,))(Bodies.half_square)
    yield
    del catalogue._all()["half_square"]
    catalogue._keys.cache_clear()


class TestADeclarationInAUsersScript:
    x = np.array([-2.0, -0.0, 3.0, np.nan])

    def test_computes_value_derivatives_and_products(self) -> None:
        assert np.array_equal(half_square(self.x), [-1.0, 0.0, 9.0, np.nan], equal_nan=True)
        assert np.array_equal(half_square.derivative(self.x), [0.5, 0.5, 6.0, np.nan], equal_nan=True)
        assert np.array_equal(half_square.derivative(self.x, order=2), [0.0, 0.0, 2.0, np.nan], equal_nan=True)
        assert np.array_equal(half_square.vjp(self.x[:3], 10.0, slope=2.0), [20.0, 20.0, 60.0])
        gradients = half_square.parameter_vjp(self.x[:3], np.ones(3))
        assert gradients == {"slope": -2.0}
        value, first = half_square.value_and_derivative(3.0)
        assert (value, first) == (9.0, 6.0)

    def test_keeps_dtypes_and_takes_out_and_where(self) -> None:
        assert half_square(np.float16([2])).dtype == np.float16
        assert half_square(np.float32([2])).dtype == np.float32
        assert half_square([2]).dtype == np.float64
        out = np.zeros(2)
        assert half_square(np.array([3.0, 4.0]), out=out, where=np.array([True, False])) is out
        assert np.array_equal(out, [9.0, 0.0])
        with pytest.raises(TypeError, match="half_square is not defined for dtype complex128"):
            half_square(1j)

    def test_is_found_explained_and_pickled(self) -> None:
        assert actfn.get("LeakySquare") == half_square
        assert half_square.formula == "x * x if x > 0 else slope * x"
        assert "x^{2}" in half_square.latex()
        assert half_square.kinks[0].left == 0.5
        assert pickle.loads(pickle.dumps(half_square.with_parameters(slope=3.0)))(-1.0) == -3.0
        assert not hasattr(actfn.ufuncs, "half_square")
        with pytest.raises(ValueError, match="half_square has no guide"):
            half_square.guide()

    def test_agrees_with_the_compiled_kernels(self) -> None:
        from actfn.arrays import InterpretedFunction
        from actfn.functions import declared

        x = np.concatenate([np.linspace(-30, 30, 4001), [np.nan, 1e-310, -750.0, 750.0]])
        for name, declaration in declared().items():
            if declaration.kind != "elementwise" or declaration.inverse_of is not None:
                continue
            values = [0.25 if p.default is None else p.default for p in declaration.parameters.values()]
            for kernel, suffix in {"value": "", "first": "_d1", "second": "_d2"}.items():
                interpreted = InterpretedFunction(name, declaration.kernels[kernel])(x, *values)
                compiled = getattr(actfn.ufuncs, name + suffix)(x, *map(np.float64, values))
                np.testing.assert_array_max_ulp(interpreted[:-4], compiled[:-4], maxulp=4096)
                assert np.array_equal(np.isnan(interpreted), np.isnan(compiled)), name


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ValueError, match="the name 'relu' is taken by actfn.relu"):
        actfn.elementwise()(type("relu", (), _members()))


def test_a_missing_member_is_named() -> None:
    members = _members()
    del members["second"]
    with pytest.raises(TypeError, match="unfinished: a declaration needs a function called 'second'"):
        actfn.elementwise()(type("unfinished", (), members))


def test_a_branch_in_a_kernel_is_explained() -> None:
    from actfn.functions.declare import elementwise
    from actfn.trace import operations

    def value(m, x):
        return x if x > 0 else 0.0

    declaration = elementwise()(type("branching", (), {**_members(), "value": value}))
    with pytest.raises(TypeError, match=r"straight-line code: select with m\.where"):
        operations(declaration, "value")


def _members() -> dict[str, object]:
    def kernel(m, x):
        return x

    def interval():
        return actfn.Interval()

    names = ("formula", "value", "first", "second")
    return {"__doc__": "A made-up function.", "range": interval, **dict.fromkeys(names, kernel)}


def test_declaring_again_replaces_the_function_everywhere() -> None:
    def declare(factor: float) -> Any:
        def value(m: Any, x: Any) -> Any:
            return factor * x

        return actfn.elementwise()(type("declared_twice", (), {**_members(), "value": value}))

    try:
        first = declare(2.0)
        assert actfn.declared_twice == first
        second = declare(3.0)
        assert actfn.declared_twice(1.0) == actfn.get("declared_twice")(1.0) == 3.0
        assert first != second
        with pytest.raises(ValueError, match="the name 'relu' is taken"):
            actfn.elementwise(aliases=("relu",))(type("declared_twice", (), _members()))
        assert actfn.get("declared_twice") == second
    finally:
        catalogue._all().pop("declared_twice", None)
        catalogue._keys.cache_clear()


def test_a_name_of_the_package_is_refused() -> None:
    with pytest.raises(ValueError, match=r"actfn\.info is not a function"):
        actfn.elementwise()(type("info", (), _members()))


def test_a_complex_cotangent_is_refused_as_by_compiled_functions() -> None:
    with pytest.raises(TypeError, match="half_square is not defined for dtype complex128"):
        half_square.vjp(np.ones(2), np.ones(2) + 1j)
    with pytest.raises(TypeError, match="half_square is not compiled: it takes out=, where= and dtype=, not casting="):
        half_square(np.ones(2), casting="no")


def test_the_tracer_tells_numbers_from_pairs() -> None:
    from actfn.functions.declare import elementwise
    from actfn.trace import operations

    def value(m: Any, x: Any) -> Any:
        return m.abs(m.pair(x))

    declaration = elementwise()(type("mixed", (), {**_members(), "value": value}))
    with pytest.raises(TypeError, match=r"m\.abs takes number, not pair"):
        operations(declaration, "value")
