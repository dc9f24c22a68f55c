"""Build the compiled core with the address and undefined-behaviour sanitizers, and run the core's tests under both.

python tools/sanitize.py [PYTEST ARGUMENTS]
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "build" / "sanitized"
CORE_TESTS = ("test_accuracy", "test_bits", "test_limits", "test_rows", "test_shapes", "test_ufuncs")
SETTINGS = ("-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized")


def runtime(name: str) -> str:
    """Return the path of a sanitizer's runtime library, which must be loaded before Python."""
    asked = subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def main() -> int:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--upgrade"]
    options = [f"-Csetup-args={setting}" for setting in SETTINGS]
    builddir = f"-Cbuilddir={TARGET / 'build'}"
    command = [*install, "--target", str(TARGET / "site"), builddir, *options, str(ROOT)]
    subprocess.run(command, check=True, env=environment)
    environment |= {
        "PYTHONPATH": str(TARGET / "site"),
        "LD_PRELOAD": " ".join([runtime("libasan.so"), runtime("libubsan.so")]),
        # Python itself never frees some of its memory; leaks are measured by a test of their own.
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    }
    loaded = "import actfn._core as core; assert b'__asan_init' in open(core.__file__, 'rb').read(), core.__file__"
    subprocess.run([sys.executable, "-c", loaded], check=True, env=environment, cwd="/")
    tests = [str(ROOT / "tests" / f"{name}.py") for name in CORE_TESTS]
    pytest = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(ROOT), *tests, *sys.argv[1:]]
    return subprocess.run(pytest, env=environment, cwd="/", check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
