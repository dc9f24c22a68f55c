"""Files of numbers: read, evaluated and written piece by piece."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import actfn
from actfn.evaluate import blocks, evaluate

SHAPES = [(), (0,), (1,), (7,), (0, 3), (3, 0), (4, 5), (2, 3, 4), (2, 1, 3, 2, 2)]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """Evaluate on an array by way of files."""

    def evaluate_array(function: actfn.Activation, x: Any, chunk: int = 5, **options: Any) -> Any:
        np.save(tmp_path / "x.npy", x)
        shape = evaluate(function, tmp_path / "x.npy", tmp_path / "y.npy", chunk=chunk, force=True, **options)
        y = np.load(tmp_path / "y.npy")
        assert y.shape == shape
        assert sorted(path.name for path in tmp_path.iterdir()) == ["x.npy", "y.npy"]
        return y

    return evaluate_array


def numbers(shape: tuple[int, ...], dtype: Any = np.float64, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(scale=3, size=shape).astype(dtype)


@given(
    shape=st.lists(st.integers(0, 7), max_size=4).map(tuple),
    chunk=st.integers(1, 40),
    data=st.data(),
)
def test_blocks_cover_every_element_once_and_stay_small(
    shape: tuple[int, ...], chunk: int, data: st.DataObject
) -> None:
    whole = data.draw(st.none() | st.integers(0, len(shape) - 1)) if shape else None
    seen = np.zeros(shape, dtype=int)
    for block in blocks(shape, chunk, whole):
        seen[block] += 1
        assert seen[block].size <= max(chunk, 1 if whole is None else shape[whole])
        if whole is not None:
            assert block[whole] == slice(0, shape[whole])
    assert (seen == 1).all()


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_file_holds_what_the_function_returns(
    run: Callable[..., Any], shape: tuple[int, ...], layout: Any, order: int
) -> None:
    x = np.asarray(numbers(shape), order=layout)
    y = run(actfn.mish, x, order=order)
    np.testing.assert_array_equal(y, actfn.mish.derivative(x, order=order) if order else actfn.mish(x))
    assert y.dtype == np.float64
    assert y.flags.f_contiguous == x.flags.f_contiguous
    assert y.flags.c_contiguous == x.flags.c_contiguous


@pytest.mark.parametrize(
    ("dtype", "result"),
    [("f2", "f2"), ("f4", "f4"), ("f8", "f8"), (">f8", "f8"), ("i4", "f8"), ("u1", "f8"), ("?", "f8")],
)
def test_the_result_has_the_type_that_the_function_gives(run: Callable[..., Any], dtype: str, result: str) -> None:
    x = numbers((11,)).astype(dtype)
    y = run(actfn.relu, x)
    assert y.dtype == np.dtype(result)
    np.testing.assert_array_equal(y, actfn.relu(x))


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("axis", [None, 0, 1, 2, -2])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_are_never_cut(run: Callable[..., Any], name: str, axis: int | None, layout: Any) -> None:
    x = np.asarray(numbers((3, 7, 4)), order=layout)
    expected = actfn.get(name)(x, axis=-1 if axis is None else axis)
    np.testing.assert_array_equal(run(actfn.get(name), x, axis=axis), expected)


@pytest.mark.parametrize(("axis", "shape"), [(None, (4, 6, 3)), (1, (4, 3, 6)), (0, (2, 6, 6))])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_groups_shorten_their_axis(
    run: Callable[..., Any], axis: int | None, shape: tuple[int, ...], layout: Any
) -> None:
    x = np.asarray(numbers((4, 6, 6)), order=layout)
    y = run(actfn.maxout, x, axis=axis, parameters={"group_size": 2})
    assert y.shape == shape
    np.testing.assert_array_equal(y, actfn.maxout(x, group_size=2, axis=-1 if axis is None else axis))


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (3, 4), (2, 1, 1), (2, 3, 4)])
def test_a_parameter_broadcasts_against_the_whole_file(
    run: Callable[..., Any], shape: tuple[int, ...], layout: Any
) -> None:
    x, beta = np.asarray(numbers((2, 3, 4)), order=layout), np.abs(numbers(shape, seed=1)) + 0.5
    y = run(actfn.swish, x, parameters={"beta": beta})
    np.testing.assert_array_equal(y, actfn.swish(x, beta=beta))
    slope = run(actfn.swish, x, order=1, parameters={"beta": beta})
    np.testing.assert_array_equal(slope, actfn.swish.derivative(x, beta=beta))


def test_a_parameter_that_does_not_fit_is_refused(run: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"beta of shape \(5,\) does not broadcast to the input's shape \(3, 4\)"):
        run(actfn.swish, numbers((3, 4)), parameters={"beta": np.ones(5)})
    with pytest.raises(ValueError, match=r"beta of shape \(2, 4\) does not"):
        run(actfn.swish, numbers((4,)), parameters={"beta": np.ones((2, 4))})


@pytest.mark.parametrize(
    ("function", "options", "error"),
    [
        (actfn.relu, {"axis": 0}, "takes no axis"),
        (actfn.softmax, {"axis": 2}, "needs axis 2"),
        (actfn.softmax, {"order": 1}, "no derivative of one number"),
        (actfn.maxout, {"order": 2, "parameters": {"group_size": 2}}, "no derivative of one number"),
        (actfn.relu, {"chunk": 0}, "at least one number"),
        (actfn.relu, {"order": 3}, "order"),
    ],
)
def test_options_that_do_not_apply_are_refused(
    run: Callable[..., Any], function: actfn.Activation, options: dict[str, Any], error: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        run(function, numbers((2, 4)), **options)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "is not a .npy file"),
        (b"1,2,3\n", "is not a .npy file"),
        (b"PK\x03\x04", "archive"),
        (b"\x93NUMPY\x01\x00v\x00{", "damaged or cut off"),
        (b"\x93NUMPY\x01\x00\x04\x00{}\n\n", "damaged or cut off"),
    ],
)
def test_a_file_that_is_no_array_is_refused(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(ValueError, match=error):
        evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / "y.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", numbers((100,)))
    os.truncate(tmp_path / "x.npy", 500)
    with pytest.raises(ValueError, match="damaged or cut off"):
        evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / "y.npy")


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([None, {}]))
    with pytest.raises(ValueError, match="never loaded"):
        evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / "y.npy")


@pytest.mark.parametrize("x", [np.zeros(3, complex), np.array(["a"]), np.zeros(2, "M8[s]"), np.zeros(2, "i4,f8")])
def test_numbers_of_another_kind_are_refused(run: Callable[..., Any], x: Any) -> None:
    with pytest.raises(TypeError, match="relu"):
        run(actfn.relu, x)


def test_an_existing_target_is_replaced_only_by_force(tmp_path: Path) -> None:
    source, target = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(source, numbers((3,)))
    target.write_text("mine")
    with pytest.raises(FileExistsError, match="--force"):
        evaluate(actfn.relu, source, target)
    assert target.read_text() == "mine"
    evaluate(actfn.relu, source, target, force=True)
    evaluate(actfn.relu, target, target, force=True)
    np.testing.assert_array_equal(np.load(target), actfn.relu(np.load(source)))


def test_a_target_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", numbers((3,)))
    target = tmp_path / "y.npy"

    def appear(task: str, done: int, total: int) -> None:
        target.write_text("mine")

    with pytest.raises(FileExistsError):
        evaluate(actfn.relu, tmp_path / "x.npy", target, progress=appear)
    assert target.read_text() == "mine"


def test_a_target_that_is_no_file_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", numbers((3,)))
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo(tmp_path / "pipe.npy")
    for target, error in {"folder.npy": "is a folder", "pipe.npy": "ordinary", "no/y.npy": "no does not exist"}.items():
        with pytest.raises(OSError, match=error):
            evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / target, force=True)
    for target in ("y.txt", "y"):
        with pytest.raises(ValueError, match="must end in .npy or .csv"):
            evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / target)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", numbers((3,)))
    (tmp_path / "real.npy").write_text("old")
    (tmp_path / "link.npy").symlink_to("real.npy")
    evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / "link.npy", force=True)
    assert (tmp_path / "link.npy").is_symlink()
    assert np.load(tmp_path / "real.npy").shape == (3,)


def test_the_target_may_be_read_like_any_new_file(run: Callable[..., Any], tmp_path: Path) -> None:
    run(actfn.relu, numbers((3,)))
    x, y = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("x.npy", "y.npy"))
    assert x == y


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
@pytest.mark.parametrize(("source", "target"), [("x.npy", "y.npy"), ("x.csv", "y.csv"), ("x.csv", "y.npy")])
def test_nothing_is_left_when_it_stops_half_way(
    tmp_path: Path, source: str, target: str, error: type[BaseException]
) -> None:
    np.save(tmp_path / "x.npy", numbers((30, 2)))
    np.savetxt(tmp_path / "x.csv", numbers((30, 2)), delimiter=",")

    def stop(task: str, done: int, total: int) -> None:
        if task == "evaluate" and done >= total // 2:
            raise error

    with pytest.raises(error):
        evaluate(actfn.tanh, tmp_path / source, tmp_path / target, chunk=4, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.npy"]


def test_a_full_disk_is_an_error_before_the_work_starts(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        run(actfn.relu, numbers((3,)))
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_progress_ends_at_the_total(run: Callable[..., Any]) -> None:
    calls: list[tuple[str, int, int]] = []
    run(actfn.relu, numbers((5, 5)), progress=lambda *call: calls.append(call))
    done = [call[1] for call in calls]
    assert len(calls) > 3
    assert done == sorted(done)
    assert calls[-1] == ("evaluate", 25, 25)


MEMORY = """
    import resource, sys
    import numpy, actfn
    from actfn.evaluate import evaluate
    with open("/proc/self/status") as file:
        used = next(int(line.split()[1]) for line in file if line.startswith("VmData")) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + (24 << 20),) * 2)
    try:
        if sys.argv[3] == "whole":
            numpy.save(sys.argv[2], actfn.relu(numpy.load(sys.argv[1])))
        else:
            evaluate(actfn.get(sys.argv[3]), sys.argv[1], sys.argv[2], chunk=1 << 16, axis=eval(sys.argv[4]))
    except MemoryError:
        sys.exit(77)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory the way Linux does")
@pytest.mark.parametrize(("mode", "axis"), [("whole", None), ("relu", None), ("softmax", -1), ("softmax", 0)])
def test_a_file_larger_than_the_memory_allowed_is_evaluated(tmp_path: Path, mode: str, axis: int | None) -> None:
    source, target = tmp_path / "x.npy", tmp_path / "y.npy"
    x = np.lib.format.open_memmap(source, mode="w+", dtype=np.float64, shape=(1 << 12, 1 << 11))
    x[::7] = 2
    del x
    assert source.stat().st_size > 64 << 20
    code = [sys.executable, "-c", textwrap.dedent(MEMORY), str(source), str(target), mode, str(axis)]
    limits = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ACTFN_NUM_THREADS": "1"}
    done = subprocess.run(code, env={**os.environ, **limits}, capture_output=True, text=True, timeout=120, check=False)
    if mode == "whole":
        assert done.returncode == 77, done.stderr
        return
    assert done.returncode == 0, done.stderr
    rows = (slice(0, 8), slice(None)) if axis != 0 else (slice(None), slice(0, 8))
    x, y = np.load(source, mmap_mode="r"), np.load(target, mmap_mode="r")
    expected = actfn.relu(x[rows]) if mode == "relu" else actfn.softmax(np.array(x[rows]), axis=axis)
    np.testing.assert_array_equal(y[rows], expected)


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,-2\n0.1,nan\n-inf,1e300\n", "1.0,0.0\n0.1,nan\n0.0,1e+300\n"),
        ("u,v\n1,-2\n", "u,v\n1.0,0.0\n"),
        ("\ufeffu;v\r\n1\r\n-2\r\n\r\n", "u;v\n1.0\n0.0\n"),
        (" 1 , 2 \n\n3,4", "1.0,2.0\n3.0,4.0\n"),
        ("0.1234567890123456789\n", "0.12345678901234568\n"),
    ],
)
def test_csv_to_csv(tmp_path: Path, text: str, expected: str) -> None:
    evaluate(actfn.relu, write(tmp_path / "x.csv", text), tmp_path / "y.csv", chunk=2)
    assert (tmp_path / "y.csv").read_text(encoding="utf-8") == expected


def test_every_double_survives_csv(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 2**63, 2000, dtype=np.uint64).view(np.float64).reshape(-1, 4)
    np.save(tmp_path / "x.npy", x)
    evaluate(actfn.identity, tmp_path / "x.npy", tmp_path / "x.csv", chunk=64)
    evaluate(actfn.identity, tmp_path / "x.csv", tmp_path / "y.npy", chunk=64)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), x)


@pytest.mark.parametrize(("axis", "columns"), [(None, 4), (1, 4), (0, 4)])
def test_rows_of_a_csv_file(tmp_path: Path, axis: int | None, columns: int) -> None:
    x = numbers((9, columns))
    source = write(tmp_path / "x.csv", "\n".join(",".join(map(repr, row)) for row in x.tolist()))
    evaluate(actfn.softmax, source, tmp_path / "y.npy", axis=axis, chunk=6)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), actfn.softmax(x, axis=-1 if axis is None else axis))


def test_a_heading_goes_when_the_columns_change(tmp_path: Path) -> None:
    source = write(tmp_path / "x.csv", "a,b\n1,2\n4,3\n")
    evaluate(actfn.maxout, source, tmp_path / "y.csv", parameters={"group_size": 2})
    assert (tmp_path / "y.csv").read_text() == "2.0\n4.0\n"


@pytest.mark.parametrize(
    ("shape", "text"), [((), "1.0\n"), ((3,), "1.0\n1.0\n1.0\n"), ((0,), ""), ((1, 2), "1.0,1.0\n")]
)
def test_an_array_becomes_csv(tmp_path: Path, shape: tuple[int, ...], text: str) -> None:
    np.save(tmp_path / "x.npy", np.ones(shape, np.float32))
    evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / "y.csv")
    assert (tmp_path / "y.csv").read_text() == text


def test_three_dimensions_do_not_fit_csv(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match=r"3 dimensions does not fit a \.csv"):
        evaluate(actfn.relu, tmp_path / "x.npy", tmp_path / "y.csv")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "holds no numbers"),
        (b"a,b\n", "holds no numbers"),
        (b"a,b\n1,2\n3,x\n", "line 3: 'x' is not a number"),
        (b"1,2\n\n3\n", "line 3 has 1 columns where the first has 2"),
        (b"1,2\n3,4,\n", "line 2 has 3 columns"),
        (b"1,\n", "line 1: '' is not a number"),
        (b"1_0,2\n", "line 1: '1_0' is not a number"),
        (b"1,2\na,b\n", "line 2: 'a' is not a number"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ValueError, match=error):
        evaluate(actfn.relu, tmp_path / "x.csv", tmp_path / "y.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
