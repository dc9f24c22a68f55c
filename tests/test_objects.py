"""What the compiler made of the core: every loop is vectorised, and nothing leaks between instruction sets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path

import pytest

import actfn
from actfn import _core
from actfn.emit.cpp import gates, ufuncs
from actfn.emit.header import has_loop_of_float32
from actfn.functions import declared

BUILD = Path(os.environ.get("ACTFN_BUILD", Path(__file__).parent.parent / "build" / "release"))
INSTRUCTION_SETS = ("base", "avx2", "avx512")

# Arithmetic or selection on whole registers; moves alone do not count.
PACKED = re.compile(r"\tv?(?:f?n?m?(?:add|sub)\d*|mul|div|max|min|and|andn|or|xor|blendv?|blendm|cmp\w*)p[sd]\s")
WIDTH = {"base": "%xmm", "avx2": "%ymm", "avx512": "%zmm"}


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def library(instruction_set: str) -> Path:
    found = list(BUILD.glob(f"libloops_{instruction_set}.a.p/*.o"))
    assert len(found) == 1, f"no object of {instruction_set} under {BUILD}: build with `make quick`, or set ACTFN_BUILD"
    return found[0]


@cache
def loops(instruction_set: str) -> dict[str, str]:
    """Return the machine code of every contiguous loop by name."""
    code = output("objdump", "-d", "-C", "--no-show-raw-insn", str(library(instruction_set)))
    functions = re.findall(r"^[0-9a-f]+ <(.*)>:\n((?:.+\n)*)", code, re.MULTILINE)
    return {
        name: body
        for name, body in functions
        if re.search("::((tuned_|compact_)?loops::|piecewise::in_blocks<)", name)
        # What hands data on has no arithmetic of its own.
        and not re.search(r"\[clone|by_default|where_exact|piecewise::others|::compact::", name)
    }


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_every_loop_computes_on_whole_registers(instruction_set: str) -> None:
    found = loops(instruction_set)
    elementwise = [declaration for declaration in declared().values() if declaration.kind == "elementwise"]
    every = [ufunc for d in elementwise if d.hot for ufunc in ufuncs(d)]
    single = [ufunc for d in elementwise if not d.hot for ufunc in ufuncs(d) if has_loop_of_float32(ufunc, d)]
    for name in (ufunc.name for ufunc in single):
        assert any(re.search(f"::(tuned_)?loops::{name}[<(]", loop) for loop in found), f"{name} has no loop of float32"
    for name in (ufunc.name for ufunc in every):
        assert sum(bool(re.search(f"::(tuned_)?loops::{name}[<(]", loop)) for loop in found) >= 3, (
            f"{name} has not its three loops"
        )
    gated = [
        ufunc for declaration in declared().values() if declaration.kind == "gated" for ufunc in gates(declaration)
    ]
    for gate in gated:
        assert any(f"::loops::{gate.name}<" in loop for loop in found), f"{gate.name} has no loop"
    for declaration in elementwise:
        for kernel in () if declaration.hot else declaration.kernels:
            name = f"{declaration.name}_{kernel}"
            assert sum(f"::compact_loops::{name}<" in loop for loop in found) == 2, f"{name} has not its two loops"
    if instruction_set != "base":
        for work, users in (("each_kernel", (*every, *single)), ("opened", gated)):
            for kernel in {kernel for ufunc in users for kernel in ufunc.piecewise}:
                by_pieces = re.compile(rf"::piecewise::in_blocks<.*::{work}\w*<.*{kernel}\b")
                assert any(by_pieces.search(loop) for loop in found), f"no loop of {kernel}"
    scalar = [
        name
        for name, body in found.items()
        # Copying needs no arithmetic.
        if "::loops::identity<" not in name
        and not any(PACKED.search(line) and WIDTH[instruction_set] in line for line in body.splitlines())
    ]
    assert not scalar, f"not vectorised for {instruction_set}: {scalar}"


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_each_library_exports_one_table(instruction_set: str) -> None:
    lines = [line.split() for line in output("nm", str(library(instruction_set))).splitlines()]
    exported = [line[-1] for line in lines if line[-2] not in "UvwV" and line[-2].isupper()]
    weak = [line[-1] for line in lines if line[-2] in "vwVW"]
    assert exported == [f"actfn_table_{instruction_set}"]
    assert weak == []
    assert ".init_array" not in output("objdump", "-h", str(library(instruction_set)))


def test_the_base_library_has_no_avx() -> None:
    code = output("objdump", "-d", "--no-show-raw-insn", str(library("base")))
    assert not re.search(r"%[yz]mm|\tv[a-z]+\s", code)


def test_the_module_exports_its_entry_point_alone() -> None:
    symbols = output("nm", "-D", "--defined-only", str(_core.__file__)).split()[2::3]
    assert symbols == ["PyInit__core"]
    assert str(_core.__file__).endswith(".abi3.so")


def test_the_environment_chooses_the_instruction_set() -> None:
    def imported(isa: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "import actfn; print(actfn.info()['instruction_set'])"]
        return subprocess.run(
            command, env={**os.environ, "ACTFN_ISA": isa}, capture_output=True, text=True, cwd="/", check=False
        )

    available = actfn.info()["available"]
    assert isinstance(available, list)
    for isa in available:
        assert imported(isa).stdout.strip() == isa
    refused = imported("sse9")
    assert refused.returncode == 1
    assert f"ACTFN_ISA is set to 'sse9', but this machine and build offer: {', '.join(available)}" in refused.stderr


def test_a_wheel_stays_under_eight_megabytes() -> None:
    package = Path(actfn.__file__).parent
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(len(zlib.compress(path.read_bytes())) for path in files) < 8_000_000
