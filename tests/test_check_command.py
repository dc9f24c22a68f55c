"""The commands ``actfn check`` and ``actfn golden``, as a user runs them on modules of their own."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import fails, python, run, run_here

import actfn
from actfn import accuracy_commands
from actfn.accuracy import sweep as sweeps
from actfn.accuracy.golden import golden
from actfn.cli import main

KERNELS = """
import math
import numpy as np

erf, erfc = (np.vectorize(f, otypes=[float]) for f in (math.erf, math.erfc))


def gelu(x):
    wide = np.maximum(x.astype(np.float64), -38)
    return (0.5 * wide * erfc(-wide / math.sqrt(2))).astype(x.dtype)


def naive(x):
    inner = (x * np.float32(2**-0.5)).astype(np.float64)
    return np.float32(0.5) * x * (1 + erf(inner).astype(np.float32))


def leaky(x):
    return np.where(x > 0, x, x * x.dtype.type(0.25))


def step(x):
    return np.where(np.isnan(x), x, x > 0).astype(x.dtype)


def shorter(x):
    return x[:-1]


def wider(x):
    return x.astype(np.float64)


def word(x):
    return "no array"


def raises(x):
    if (x > 88).any():
        raise OverflowError("too large")
    return x


def ends(x):
    raise SystemExit(0)


class Layer:
    def __call__(self, x):
        return gelu(x)

    def forward(self, x):
        return gelu(x)


layer = Layer()
number = 3
"""


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    (tmp_path / "mykernels.py").write_text(KERNELS)
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "needy.py").write_text("import a_library_that_nobody_has\n")
    (tmp_path / "leaving.py").write_text("raise SystemExit(0)\n")
    return tmp_path


def test_a_correct_function_passes(kernels: Path) -> None:
    done = run("check", "mykernels:gelu", "--as", "GELU", "--max-ulp", "1", cwd=kernels)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^checked +mykernels:gelu$", done.stdout, re.MULTILINE)
    assert re.search(r"^verdict +passed$", done.stdout, re.MULTILINE)


def test_the_naive_gelu_fails_in_its_tail(kernels: Path) -> None:
    done = run("check", "mykernels:naive", "--as", "gelu", cwd=kernels)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^verdict +FAILED", done.stdout, re.MULTILINE)
    place = re.search(r"^  x +(\S+) \((\S+)\)$", done.stdout, re.MULTILINE)
    assert place is not None
    assert -5.7 < float(place[1]) < -5.3
    assert float.fromhex(place[2]) == float(place[1])


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("mykernels:leaky", ["--as", "leaky_relu(negative_slope=0.25)", "--max-ulp", "0.5"]),
        ("mykernels:step", ["--as", "relu", "--order", "1", "--max-ulp", "0"]),
        ("mykernels:gelu", ["--as", "gelu", "--dtype", "float16", "--exhaustive"]),
        ("mykernels:gelu", ["--as", "gelu", "--dtype", "bfloat16", "--library", "numpy"]),
        ("mykernels:layer", ["--as", "gelu"]),
        ("mykernels:layer.forward", ["--as", "gelu"]),
        ("actfn:mish", ["--as", "mish", "--max-ulp", "1"]),
        ("actfn:mish", ["--as", "mish", "--max-ulp", "1", "--order", "2"]),
        ("actfn:mish.gradient", ["--as", "mish", "--max-ulp", "1", "--order", "1"]),
        ("numpy:tanh", ["--as", "tanh", "--dtype", "float64"]),
    ],
)
def test_what_is_right_passes(kernels: Path, target: str, arguments: list[str]) -> None:
    done = run("check", target, *arguments, cwd=kernels)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("mykernels:leaky", ["--as", "leaky_relu"]),
        ("mykernels:gelu", ["--as", "gelu_tanh"]),
        ("mykernels:gelu", ["--as", "gelu", "--max-ulp", "0.1"]),
        ("mykernels:step", ["--as", "relu"]),
        ("actfn:mish", ["--as", "silu"]),
    ],
)
def test_what_is_wrong_fails_with_1(kernels: Path, target: str, arguments: list[str]) -> None:
    done = run("check", target, *arguments, cwd=kernels)
    assert (done.returncode, done.stderr) == (1, "")
    assert "FAILED" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["mykernels:gelu"], ["--as"]),
        (["mykernels.gelu", "--as", "gelu"], ["module:function"]),
        (["mykernels:", "--as", "gelu"], ["module:function"]),
        (["mykernel:gelu", "--as", "gelu"], ["no module 'mykernel'", "did you mean mykernels"]),
        (["mykernels.deep:gelu", "--as", "gelu"], ["no module 'mykernels.deep'"]),
        (["xml.doom:parse", "--as", "gelu"], ["no module 'xml.doom'", "xml.dom"]),
        (["mykernels:gleu", "--as", "gelu"], ["mykernels has no 'gleu'", "did you mean gelu"]),
        (["mykernels:layer.foward", "--as", "gelu"], ["mykernels.layer has no 'foward'", "forward"]),
        (["mykernels:qqqqqqqq", "--as", "gelu"], ["mykernels has no 'qqqqqqqq'."]),
        (["mykernels:number", "--as", "gelu"], ["mykernels:number is of type int"]),
        (["mykernels:Layer", "--as", "gelu"], ["mykernels:Layer is a class"]),
        (["broken:f", "--as", "gelu"], ["broken cannot be imported", "SyntaxError"]),
        (["needy:f", "--as", "gelu"], ["needy cannot be imported", "a_library_that_nobody_has"]),
        (["leaving:f", "--as", "gelu"], ["leaving cannot be imported", "SystemExit"]),
        (["mykernels:shorter", "--as", "gelu"], ["shape"]),
        (["mykernels:wider", "--as", "gelu"], ["float32", "float64"]),
        (["mykernels:word", "--as", "gelu"], ["shape"]),
        (["mykernels:gelu", "--as", "gleu"], ["'gleu'", "gelu"]),
        (["mykernels:gelu", "--as", "softmax"], ["softmax", "not elementwise"]),
        (["mykernels:gelu", "--as", "elu(alpha)"], ["elu(alpha)"]),
        (["mykernels:gelu", "--as", "elu(alhpa=1)"], ["'alhpa'", "alpha"]),
        (["mykernels:gelu", "--as", "gelu", "--dtype", "int8"], ["int8", "float16"]),
        (["mykernels:gelu", "--as", "gelu", "--order", "3"], ["--order"]),
        (["mykernels:gelu", "--as", "gelu", "--max-ulp", "nan"], ["--max-ulp"]),
        (["mykernels:gelu", "--as", "gelu", "--max-ulp", "-1"], ["--max-ulp"]),
        (["mykernels:gelu", "--as", "gelu", "--library", "tensorflow"], ["'tensorflow'", "torch"]),
        (["mykernels:gelu", "--as", "gelu", "--library", "array_api"], ["namespace"]),
        (["mykernels:gelu", "--as", "gelu", "--library", "tensorflow", "--exhaustive"], ["'tensorflow'", "torch"]),
        (["mykernels:gelu", "--as", "gelu", "--dtype", "float64", "--exhaustive"], ["float64"]),
        (["mykernels:gelu", "--as", "gelu", "--json", "no/r.json"], ["no/r.json", "does not exist"]),
        (["mykernels:gelu", "--as", "gelu", "--html", "mykernels.py"], ["mykernels.py exists already", "--force"]),
        (["mykernels:gelu", "--as", "gelu", "--json", "r", "--html", "r"], ["--json and --html"]),
    ],
)
def test_bad_input_gets_one_sentence_and_code_2(
    kernels: Path, arguments: list[str], parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name for path in kernels.iterdir()}
    monkeypatch.delitem(sys.modules, "mykernels", raising=False)
    monkeypatch.setattr(sys, "path", [str(kernels), *sys.path])
    fails(run_here("check", *arguments, cwd=kernels), *parts)
    assert {path.name for path in kernels.iterdir()} - {"__pycache__"} == before


def test_an_exception_inside_the_callable_is_told_with_its_x(kernels: Path) -> None:
    done = run("check", "mykernels:raises", "--as", "gelu", cwd=kernels)
    fails(done, "OverflowError", "too large")
    place = re.search(r"x = (\S+) \((\S+)\)", done.stderr)
    assert place is not None
    assert float(place[1]) > 88
    assert float.fromhex(place[2]) == float(place[1])


def test_a_callable_that_ends_the_process_does_not_pass(kernels: Path) -> None:
    fails(run("check", "mykernels:ends", "--as", "gelu", cwd=kernels), "raised SystemExit")


@pytest.mark.slow
def test_the_reports_are_written_once_and_replaced_with_force(kernels: Path) -> None:
    command = ["check", "mykernels:naive", "--as", "gelu", "--json", "r.json", "--html", "r.html"]
    done = run(*command, cwd=kernels)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.endswith("wrote r.json\nwrote r.html\n")
    data = json.loads((kernels / "r.json").read_text())
    assert (data["subject"], data["ok"], data["max_ulp"] > 1e6) == ("mykernels:naive", False, True)
    page = (kernels / "r.html").read_text()
    assert "mykernels:naive" in page and "<svg" in page
    (kernels / "r.html").write_text("mine")
    fails(run(*command, cwd=kernels), "r.json exists already", "--force")
    assert (kernels / "r.html").read_text() == "mine"
    assert run(*command, "--force", cwd=kernels).returncode == 1
    assert json.loads((kernels / "r.json").read_text()) == data
    assert (kernels / "r.html").read_text() == page
    assert not list(kernels.glob(".*partial*"))


def test_neither_torch_nor_jax_nor_matplotlib_is_needed_for_a_check_of_numpy() -> None:
    code = (
        "import sys; sys.modules.update(torch=None, jax=None, matplotlib=None);"
        "from actfn.cli import main; sys.exit(main(['check', 'actfn:relu', '--as', 'relu']))"
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_library_that_is_missing_is_named() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from actfn.cli import main;"
        "sys.exit(main(['check', 'torch.nn.functional:gelu', '--as', 'gelu']))"
    )
    fails(python(code), "'torch")


def test_an_exhaustive_check_of_float32_is_a_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[Any, ...]] = []

    def sweep(function: Any, reference: Any, **options: Any) -> Any:
        options.pop("progress")(1, 256)
        calls.append((function, repr(reference), options))
        return actfn.check(reference, reference, dtype="float16", max_ulp=options["max_ulp"])

    monkeypatch.setattr(sweeps, "sweep", sweep)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swept.py").write_text("import actfn\n\ndef elu(x):\n    return actfn.elu(x)\n")
    options = ["--exhaustive", "--max-ulp", "2", "--state", "s.json"]
    assert main(["check", "swept:elu", "--as", "elu(alpha=0.5)", *options]) == 0
    assert main(["check", "actfn:elu", "--as", "elu", *options, "--order", "1"]) == 0
    kept = {"max_ulp": 2.0, "library": None, "state": Path("s.json")}
    (first, reference, given), (second, _, others) = calls
    assert (first, reference, given) == ("swept:elu", "actfn.elu(alpha=0.5)", {**kept, "order": 0})
    assert (second, others) == (actfn.elu, {**kept, "order": 1})


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv"])
def test_golden_writes_what_the_library_gives(suffix: str, tmp_path: Path) -> None:
    output = f"g{suffix}"
    options = ["--dtype", "bfloat16", "--order", "1", "--count", "300", "--seed", "5", "-o", output]
    done = run("golden", "swish(beta=2.0)", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"wrote {output}, 300 vectors\n", "")
    golden("swish", beta=2.0, dtype="bfloat16", order=1, count=300, seed=5).write(tmp_path / f"again{suffix}")
    assert (tmp_path / output).read_bytes() == (tmp_path / f"again{suffix}").read_bytes()
    (tmp_path / output).write_text("mine")
    fails(run("golden", "swish", *options, cwd=tmp_path), f"{output} exists already", "--force")
    assert (tmp_path / output).read_text() == "mine"
    assert run("golden", "swish(beta=2.0)", *options, "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / output).read_bytes() == (tmp_path / f"again{suffix}").read_bytes()


def test_golden_has_all_inputs_of_a_narrow_format(tmp_path: Path) -> None:
    assert run("golden", "gelu", "--dtype", "float16", "-o", "g.npz", cwd=tmp_path).returncode == 0
    with np.load(tmp_path / "g.npz") as file:
        assert np.array_equal(file["x_bits"], np.arange(65536))


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["gelu"], ["--output"]),
        (["gleu", "-o", "g.csv"], ["'gleu'", "gelu"]),
        (["gelu", "-o", "g.txt"], ["g.txt", ".npz, .json, .csv"]),
        (["gelu", "-o", "no/g.csv"], ["no/g.csv", "does not exist"]),
        (["softmax", "-o", "g.csv"], ["softmax", "not elementwise"]),
        (["gelu", "-o", "g.csv", "--dtype", "half"], ["'half'"]),
        (["gelu", "-o", "g.csv", "--order", "3"], ["--order"]),
        (["gelu", "-o", "g.csv", "--count", "2"], ["count"]),
        (["gelu", "-o", "g.csv", "--seed", "-1"], ["--seed"]),
    ],
)
def test_bad_input_for_golden_writes_nothing(tmp_path: Path, arguments: list[str], parts: list[str]) -> None:
    fails(run_here("golden", *arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []


def test_both_commands_explain_themselves(tmp_path: Path) -> None:
    names = [command.name or command.callback.__name__ for command in accuracy_commands.app.registered_commands]
    assert {"check", "golden"} <= set(names)
    for name in ("check", "golden"):
        done = run(name, "--help", cwd=tmp_path)
        assert done.returncode == 0
        assert f"Usage: actfn {name}" in done.stdout
