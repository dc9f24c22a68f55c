"""Change one digit of a coefficient or a threshold at a time, rebuild, and see whether the accuracy tests notice.

python tools/mutate.py [--only NUMBER ...] [--fresh] [--list]

Works in a temporary copy. Results are kept in build/mutate.json, so that an interrupted run goes
on where it stopped.
The exit code is 1 if a change survived, and 2 if the tests fail without any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
STATE = ROOT / "build" / "mutate.json"
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info")
# What compares sources with sources needs no build.
SOURCE_TESTS = ("test_coefficients.py", "test_piecewise.py")
TESTS = (
    "test_tables.py::test_no_bit_of_a_result_has_changed_since_the_table_was_made",
    "test_accuracy.py",
    "test_checker.py::test_every_function_is_within_its_bound",
)
CORE = "src/actfn/core"
VOCABULARY = f"{CORE}/vocabulary.hpp"
FUNCTIONS = "src/actfn/functions"


class Mutation(NamedTuple):
    """A change of one digit, and why it can be seen; the text before it occurs once in its file."""

    name: str
    file: str
    before: str
    after: str


MUTATIONS = (
    Mutation("exp_remainder, last", VOCABULARY, "p, r, 0x1.5555555555557p-5)", "p, r, 0x1.5555555555558p-5)"),
    Mutation("exp_remainder, first", VOCABULARY, "0x1.61bfa22dd3437p-33", "0x1.61bfa22dd3438p-33"),
    Mutation("exp_remainder_precise", VOCABULARY, "u, 0x1.5555555555555p-3)", "u, 0x1.5555555555556p-3)"),
    Mutation("log_remainder", VOCABULARY, "w, 0x1.5555555555555p-1)", "w, 0x1.5555555555556p-1)"),
    Mutation("ln2_middle", VOCABULARY, "ln2_middle = 0x1.ef35793c76800p-45", "ln2_middle = 0x1.ef35793c76801p-45"),
    # Exponentials down to exp(-745) are numbers.
    Mutation("cut-off of the exponent", VOCABULARY, "maximum(x.high, -800.0)", "maximum(x.high, -700.0)"),
    Mutation("NORMAL_TAIL", f"{FUNCTIONS}/gaussians.py", '"0x1.d71387c654cddp-3"', '"0x1.d71387c654cdep-3"'),
    Mutation("GELU_SLOPE", f"{FUNCTIONS}/gaussians.py", '"-0x1.78c1524a5230dp-33"', '"-0x1.78c1524a5230ep-33"'),
    Mutation("GELU_TANH_CUBIC", f"{FUNCTIONS}/gaussians.py", "7522798635409955920748", "7522798635409955920749"),
    Mutation("SELU_ALPHA", f"{FUNCTIONS}/exponentials.py", "6520384611553482812", "6520384611553482813"),
    Mutation("a value of a piece of gelu", f"{CORE}/piecewise_tables.hpp", "0x1.4e87b2p-3f", "0x1.4e87b4p-3f"),
    Mutation("a slope of a piece of gelu", f"{CORE}/piecewise_tables.hpp", "-0x1.11b3f8p-4f", "-0x1.11b3fap-4f"),
    Mutation("where the pieces of sigmoid end", f"{CORE}/piecewise.hpp", "lowest = -15.9f", "lowest = -17.9f"),
    Mutation("UNLIFT", f"{FUNCTIONS}/common.py", "2.0**-128", "2.0**-127"),
)


def fingerprint() -> str:
    """Return a hash of everything that decides whether a change is noticed."""
    files = [*ROOT.glob("src/**/*.[ch]pp"), *ROOT.glob("src/**/*.py"), *ROOT.glob("tests/*.py"), ROOT / "meson.build"]
    content = b"".join(file.read_bytes() for file in sorted(files))
    return hashlib.sha256(content).hexdigest()


def changed(text: str, mutation: Mutation) -> str:
    """Return a file's text with the change made."""
    if text.count(mutation.before) != 1:
        raise SystemExit(f"{mutation.name}: {mutation.before!r} is not once in {mutation.file}")
    return text.replace(mutation.before, mutation.after)


def source_tests_pass(copy: Path) -> bool:
    """Tell whether the tests of a copy's sources pass, with the core that is installed."""
    import actfn

    package = copy / "src" / "actfn"
    shutil.copy(actfn._core.__file__, package)
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [str(copy / "tests" / name) for name in SOURCE_TESTS]
    pytest = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(pytest, check=False, capture_output=True, text=True, env=environment, cwd="/")
    (package / Path(actfn._core.__file__).name).unlink()
    return done.returncode == 0


def tests_pass(copy: Path) -> bool:
    """Build and install a copy beside it, and tell whether its accuracy tests pass with what was installed."""
    if not source_tests_pass(copy):
        return False
    site = copy.parent / "site"
    shutil.rmtree(site, ignore_errors=True)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    builddir = f"-Cbuilddir={copy.parent / 'build'}"
    subprocess.run([*install, "--target", str(site), builddir, str(copy)], check=True, env=environment)
    where = [sys.executable, "-c", "import actfn; print(actfn.__file__)"]
    found = subprocess.run(where, check=True, capture_output=True, text=True, env=environment, cwd="/").stdout
    if not found.startswith(str(site)):
        raise SystemExit(f"the tests would not run with {site}, but with {found.strip()}")
    tests = [str(copy / "tests" / name) for name in TESTS]
    pytest = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "--no-header", "--tb=line", *tests]
    done = subprocess.run(pytest, check=False, capture_output=True, text=True, env=environment, cwd="/")
    if done.returncode > 1:
        raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def state(fresh: bool) -> dict[str, bool]:
    """Return what earlier runs found for these sources: for each change whether it was caught."""
    if fresh or not STATE.exists():
        return {}
    kept = json.loads(STATE.read_text())
    found: dict[str, bool] = kept["caught"] if kept["sources"] == fingerprint() else {}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="See whether the accuracy tests notice a changed digit.")
    parser.add_argument("--only", type=int, nargs="+", metavar="NUMBER", help="numbers of the changes, from 1")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--list", action="store_true", help="show the changes and stop")
    options = parser.parse_args()
    numbers = options.only or range(1, len(MUTATIONS) + 1)
    if not all(1 <= number <= len(MUTATIONS) for number in numbers):
        parser.error(f"numbers are from 1 to {len(MUTATIONS)}")
    chosen = [(number, MUTATIONS[number - 1]) for number in numbers]
    if options.list:
        for number, mutation in chosen:
            print(f"{number:2}  {mutation.name:24}  {mutation.before}  ->  {mutation.after}")
        return 0
    sources, caught = fingerprint(), state(options.fresh)

    def keep(name: str, noticed: bool) -> None:
        caught[name] = noticed
        STATE.parent.mkdir(parents=True, exist_ok=True)
        ahead = STATE.with_suffix(".new")
        ahead.write_text(json.dumps({"sources": sources, "caught": caught}, indent=1))
        ahead.replace(STATE)

    with tempfile.TemporaryDirectory(prefix="mutate-") as directory:
        copy = Path(directory) / "source"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        if "nothing" not in caught and not all(mutation.name in caught for _, mutation in chosen):
            if not tests_pass(copy):
                print("the accuracy tests fail without any change")
                return 2
            keep("nothing", False)
        for number, mutation in chosen:
            begun = time.monotonic()
            if mutation.name not in caught:
                file = copy / mutation.file
                original = file.read_text()
                file.write_text(changed(original, mutation))
                try:
                    keep(mutation.name, not tests_pass(copy))
                finally:
                    file.write_text(original)
            verdict = "caught" if caught[mutation.name] else "SURVIVED"
            change = f"{mutation.before} -> {mutation.after}"
            print(
                f"{number:2}  {mutation.name:24}  {verdict:8}  {time.monotonic() - begun:4.0f} s  {change}", flush=True
            )
    return 0 if all(caught[mutation.name] for _, mutation in chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
