"""The command line, as a user runs it."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import GUIDED

import actfn
from actfn import catalogue, commands
from actfn.cli import main

COMMAND = [sys.executable, "-W", "error", "-m", "actfn"]


def run(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its own process."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_here(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, which takes a hundredth of the time."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def fails(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Check that it ended with 2 and said why in one sentence."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("actfn: ")
    assert line.endswith((".", "?"))
    for part in parts:
        assert part in line


@pytest.fixture
def files(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.linspace(-3, 3, 12).reshape(3, 4))
    np.save(tmp_path / "b.npy", np.arange(1.0, 5.0))
    return tmp_path


def test_list_has_every_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    output = capsys.readouterr().out
    assert all(name in output for name in actfn.names())


def test_list_is_filtered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--kind", "simplex", "--names"]) == 0
    assert {*capsys.readouterr().out.split()} >= {"log_softmax", "softmax", "sparsemax"}
    assert main(["list", "--property", "bounded", "--property", "smooth", "--names"]) == 0
    names = capsys.readouterr().out.split()
    assert "tanh" in names and "hard_sigmoid" not in names
    assert set(names) == {name for name in actfn.names() if {"bounded", "smooth"} <= actfn.get(name).tags}
    assert main(["list", "--search", "mish", "--names"]) == 0
    assert "mish" in capsys.readouterr().out.split()
    assert main(["list", "--kind", "grouped", "--property", "probability"]) == 0
    assert capsys.readouterr().out == "No function is like that.\n"


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", GUIDED)
def test_show_explains_every_function(name: str, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", name, "--lang", language]) == 0
    output = capsys.readouterr().out
    function = actfn.get(name)
    assert output.startswith(name + "\n")
    assert str(function.range) in output
    assert all(framework in output for framework in function.frameworks)
    assert all(key in output for key in function.parameters)
    assert any(0x2800 < ord(character) < 0x2900 for character in output)
    assert ("值域" in output) == (language == "zh")
    assert len(output) > 1000


def test_show_states_the_kinks_and_the_derivative(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "hard_sigmoid"]) == 0
    assert "x = -3: slope 0 before, 0.166667 after, 0 at it" in capsys.readouterr().out
    assert main(["show", "sigmoid"]) == 0
    output = capsys.readouterr().out
    assert "exp(-x)/(1 + exp(-x))^2" in next(line for line in output.splitlines() if line.startswith("f′(x)"))
    assert main(["show", "leaky_relu"]) == 0
    assert "1 if x > 0 else negative_slope\n" in re.sub(" +\n", "\n", capsys.readouterr().out)
    assert main(["show", "softmax"]) == 0
    output = capsys.readouterr().out
    assert "∂fᵢ/∂xₖ" in output
    assert "f″(x)" not in output


@pytest.mark.slow
def test_show_writes_the_plot_instead_of_showing_it(files: Path) -> None:
    done = run("show", "mish", "--plot", "mish.svg", cwd=files)
    assert done.returncode == 0, done.stderr
    assert "wrote mish.svg" in done.stdout
    assert not any(0x2800 < ord(character) < 0x2900 for character in done.stdout)
    assert "</svg>" in (files / "mish.svg").read_text()
    fails(run("show", "mish", "--plot", "mish.svg", cwd=files), "mish.svg exists already", "--force")
    assert run("show", "mish", "--plot", "mish.svg", "--force", cwd=files).returncode == 0


def test_show_works_where_only_ascii_can_be_shown(tmp_path: Path) -> None:
    done = run("show", "relu", "--lang", "zh", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "*****" in done.stdout
    assert done.stdout.isascii()


def test_plot_writes_png_and_svg(files: Path) -> None:
    done = run("plot", "relu", "SiLU", "softmax", "-o", "p.png", "--order", "0,1", "--range", "-4", "2.5", cwd=files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote p.png\n", "")
    assert (files / "p.png").read_bytes().startswith(b"\x89PNG")
    assert run("plot", "swish", "-o", "p.svg", "--order", "2", "--param", "beta=3", cwd=files).returncode == 0
    assert (files / "p.svg").read_text().startswith("<?xml")
    assert sorted(path.name for path in files.iterdir()) == ["b.npy", "p.png", "p.svg", "x.npy"]


@pytest.mark.slow
def test_plot_draws_grids_families_saturation_and_textbook_code(files: Path) -> None:
    for arguments in (
        ["--grid", "-o", "grid.svg", "--order", "0,1,2"],
        ["elu", "-o", "family.png", "--param", "alpha=0.5,1,2"],
        ["mish", "-o", "faults.svg", "--textbook", "float32", "--saturation", "0.01"],
    ):
        done = run("plot", *arguments, cwd=files)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", f"wrote {arguments[arguments.index('-o') + 1]}\n")
    grid, faults = ((files / f"{name}.svg").read_text(encoding="utf-8") for name in ("grid", "faults"))
    assert all(f"<!-- {name} -->" in grid for name in catalogue.common_names() if actfn.is_builtin(actfn.get(name)))
    assert "mish′(x): NaN for x" in faults
    fails(run("plot", "--grid", "-o", "grid.svg", cwd=files), "grid.svg exists already", "--force")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["show", "mosh"], ["'mosh'", "mish"]),
        (["plot", "relu", "gleu", "-o", "p.png"], ["'gleu'", "gelu"]),
        (["eval", "sigmoyd", "x.npy", "-o", "y.npy"], ["'sigmoyd'", "sigmoid"]),
        (["demo", "--functions", "relu,tahn"], ["'tahn'", "tanh"]),
        (["show", ""], []),
        (["show", "relu", "--lang", "fr"], ["'fr'", "en, zh"]),
        (["list", "--kind", "simplx"], ["'simplx'", "did you mean simplex?"]),
        (["list", "--property", "bonded"], ["'bonded'", "bounded"]),
        (["plot", "relu"], ["--output"]),
        (["plot", "relu", "-o", "p.jpg"], ["p.jpg", ".png or .svg"]),
        (["plot", "relu", "-o", "no/p.png"], ["no/p.png", "does not exist"]),
        (["plot", "relu", "-o", "p.png", "--order", "0,3"], ["0, 1 and 2"]),
        (["plot", "relu", "-o", "p.png", "--order", "one"], ["--order one"]),
        (["plot", "relu", "-o", "p.png", "--range", "2", "1"], ["range"]),
        (["plot", "relu", "-o", "p.png", "--range", "0", "nan"], ["finite"]),
        (["plot", "relu", "-o", "p.png", "--range", "0", "one"], ["--range"]),
        (["plot", "softmax", "-o", "p.png", "--order", "2"], ["softmax has no second derivative"]),
        (["plot", "swish", "elu", "-o", "p.png", "--param", "beta=2"], ["single function"]),
        (["plot", "-o", "p.png"], ["name at least one function", "--grid"]),
        (["plot", "elu", "-o", "p.png", "--lang", "fr"], ["language 'fr' is unknown", "en, zh"]),
        (["plot", "elu", "-o", "p.png", "--param", "alhpa=1,2"], ["'alhpa'", "alpha"]),
        (["plot", "elu", "-o", "p.png", "--param", "alpha=1,x"], ["alpha=x", "neither a number"]),
        (["plot", "elu", "-o", "p.png", "--param", "alpha=1,2", "--param", "alpha=3"], ["alpha is given twice"]),
        (["plot", "elu", "-o", "p.png", "--param", "alpha=1,2", "--saturation", "0.1"], ["single curve"]),
        (["plot", "elu", "-o", "p.png", "--textbook", "float8"], ["float16, float32, float64", "float8"]),
        (["plot", "elu", "-o", "p.png", "--saturation", "0"], ["positive number"]),
        (["plot", "--grid", "-o", "p.png", "--textbook", "float32"], ["--textbook", "single function"]),
        (["plot", "softmax", "-o", "p.png", "--textbook", "float32"], ["softmax has no textbook", "order 0"]),
        (["eval", "relu", "x.npy"], ["--output"]),
        (["eval", "relu", "no.npy", "-o", "y.npy"], ["no.npy", "No such file"]),
        (["eval", "relu", ".", "-o", "y.npy"], [".npy or .csv"]),
        (["eval", "relu", "x.npy", "-o", "x.npy"], ["x.npy exists already", "--force"]),
        (["eval", "relu", "x.npy", "-o", "y.txt"], ["y.txt", ".npy or .csv"]),
        (["eval", "relu", "x.npy", "-o", "/proc/y.npy"], ["/proc/y.npy", "cannot be written"]),
        (["eval", "relu", "x.npy", "-o", "y.npy", "--order", "3"], ["--order"]),
        (["eval", "relu", "x.npy", "-o", "y.npy", "--chunk", "0"], ["chunk"]),
        (["eval", "relu", "x.npy", "-o", "y.npy", "--axis", "0"], ["no axis"]),
        (["eval", "softmax", "x.npy", "-o", "y.npy", "--axis", "2"], ["axis 2", "(3, 4)"]),
        (["eval", "softmax", "x.npy", "-o", "y.npy", "--order", "1"], ["softmax", "derivative"]),
        (["eval", "maxout", "x.npy", "-o", "y.npy"], ["group_size"]),
        (["eval", "maxout", "x.npy", "-o", "y.npy", "--param", "group_size=3"], ["group_size"]),
        (["eval", "maxout", "x.npy", "-o", "y.npy", "--param", "grouping=x", "--param", "group_size=2"], ["grouping"]),
        (["eval", "prelu", "x.npy", "-o", "y.npy"], ["alpha"]),
        (["eval", "relu", "x.npy", "-o", "y.npy", "--param", "beta=1"], ["relu has no parameters"]),
        (["eval", "swish", "x.npy", "-o", "y.npy", "--param", "beta"], ["name=value"]),
        (["eval", "swish", "x.npy", "-o", "y.npy", "--param", "bta=1"], ["'bta'", "did you mean beta?"]),
        (["eval", "swish", "x.npy", "-o", "y.npy", "--param", "beta=x"], ["beta=x", "neither a number"]),
        (["eval", "swish", "x.npy", "-o", "y.npy", "--param", "beta=x.npy", "--param", "beta=1"], ["given twice"]),
        (["eval", "swish", "b.npy", "-o", "y.npy", "--param", "beta=x.npy"], ["(3, 4) does not broadcast"]),
        (["eval", "swish", "x.npy", "-o", "y.npy", "--param", "beta=no.npy"], ["no.npy", "No such file"]),
        (["eval", "softplus", "x.npy", "-o", "y.npy", "--param", "beta=0"], ["beta", "0"]),
        (["demo", "--depth", "0"], ["--depth"]),
        (["demo", "--seed", "-1"], ["--seed"]),
        (["demo", "--epochs", "many"], ["--epochs"]),
        (["demo", "-o", "x.npy"], ["x.npy exists already"]),
        (["demo", "-o", "no/report.html"], ["no does not exist"]),
        (["lst"], ["'lst'"]),
        (["list", "--kynd", "simplex"], ["--kynd"]),
        (["info", "mish"], ["mish"]),
    ],
)
def test_bad_input_gets_one_sentence_and_code_2(files: Path, arguments: list[str], parts: list[str]) -> None:
    before = sorted(path.name for path in files.iterdir())
    fails(run_here(*arguments, cwd=files), *parts)
    assert sorted(path.name for path in files.iterdir()) == before


def test_eval_computes(files: Path) -> None:
    x = np.load(files / "x.npy")
    done = run("eval", "swish", "x.npy", "-o", "y.npy", "--order", "1", "--param", "beta=b.npy", cwd=files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote y.npy, shape (3, 4)\n", "")
    np.testing.assert_array_equal(np.load(files / "y.npy"), actfn.swish.derivative(x, beta=np.arange(1.0, 5.0)))
    options = ["--param", "group_size=2", "--param", "grouping=strided", "--force"]
    assert run("eval", "maxout", "x.npy", "-o", "y.npy", *options, cwd=files).returncode == 0
    np.testing.assert_array_equal(np.load(files / "y.npy"), actfn.maxout(x, group_size=2, grouping="strided"))
    assert run("eval", "log_softmax", "x.npy", "-o", "y.csv", "--axis", "0", cwd=files).returncode == 0
    np.testing.assert_array_equal(np.loadtxt(files / "y.csv", delimiter=","), actfn.log_softmax(x, axis=0))


def test_the_usual_questions_are_answered(tmp_path: Path) -> None:
    version = actfn.info()["version"]
    assert run("--version", cwd=tmp_path).stdout == f"{version}\n"
    done = run("info", cwd=tmp_path)
    assert done.returncode == 0
    assert str(version) in done.stdout
    for arguments in ([], ["--help"], ["-h"], ["eval", "--help"]):
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode == 0
        assert "Usage: actfn" in done.stdout


def start(files: Path) -> subprocess.Popen[str]:
    """Start an evaluation that takes far longer than the test, and wait until it writes."""
    np.save(files / "large.npy", np.zeros(50_000_000, np.float16))
    # Tests that run in the background of a shell may have been told to ignore interrupts.
    code = "import signal, sys; from actfn.cli import main; signal.signal(signal.SIGINT, signal.default_int_handler)"
    process = subprocess.Popen(
        [
            *(sys.executable, "-W", "error", "-c", f"{code}; sys.exit(main(sys.argv[1:]))"),
            *("eval", "tanh", "large.npy", "-o", "y.npy", "--chunk", "1"),
        ],
        cwd=files,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while not list(files.glob(".y.npy.*.partial/y.npy")):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


@pytest.mark.slow
def test_a_killed_eval_leaves_nothing_under_the_final_name(files: Path) -> None:
    process = start(files)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert not (files / "y.npy").exists()
    assert run("eval", "tanh", "x.npy", "-o", "y.npy", cwd=files).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_eval_cleans_up(files: Path, number: signal.Signals, code: int) -> None:
    process = start(files)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert sorted(path.name for path in files.iterdir()) == ["b.npy", "large.npy", "x.npy"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_without_the_extra_it_says_what_to_install(module: str) -> None:
    done = python(f"import sys; sys.modules[{module!r}] = None; from actfn.cli import main; sys.exit(main(['list']))")
    fails(done, 'pip install "actfn[cli]"')


def test_without_matplotlib_plot_says_so_and_the_rest_works() -> None:
    code = "import sys; sys.modules['matplotlib'] = None; from actfn.cli import main; sys.exit(main({}))"
    fails(python(code.format(["plot", "relu", "-o", "p.svg"])), "matplotlib")
    assert python(code.format(["list"])).returncode == 0


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = "{'matplotlib', 'sympy', 'mpmath', 'sklearn', 'scipy'}"
    done = python(f"import sys; from actfn.cli import main; main(['list']); print({heavy} & set(sys.modules))")
    assert done.stdout.endswith("set()\n")


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    pipe = ["sh", "-c", f"{' '.join(COMMAND)} show mish | head -n 1"]
    done = subprocess.run(pipe, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "mish\n"
    assert done.stderr == ""


def test_the_demo_is_called_with_its_own_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from actfn.lab import comparison, demo

    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(demo, "run", lambda **options: calls.append(options))
    assert main(["demo"]) == 0
    assert main(["demo", "--functions", "relu, SiLU", "--depth", "20", "-o", "r.html", "--force"]) == 0
    defaults = inspect.signature(comparison.Settings).parameters
    for key in ("functions", "depth", "width", "epochs", "seed", "seeds"):
        assert calls[0][key] == defaults[key].default
    assert calls[1]["functions"] == ("relu", "SiLU")
    assert (calls[1]["depth"], calls[1]["output"], calls[1]["force"]) == (20, Path("r.html"), True)


def test_every_command_says_what_it_does() -> None:
    import actfn.framework_commands  # noqa: F401

    assert [command.name or command.callback.__name__ for command in commands.app.registered_commands] == [
        "list",
        "show",
        "plot",
        "eval",
        "demo",
        "info",
        "check",
        "golden",
        "derive",
        "handbook",
        "properties",
        "lookup",
        "translate",
    ]
    assert all(inspect.getdoc(command.callback) for command in commands.app.registered_commands)
