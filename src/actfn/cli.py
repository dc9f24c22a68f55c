"""The command ``actfn``: run it, and turn every failure into one sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

FAILED, INTERRUPTED, BROKEN_PIPE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        0 if it worked, 2 with a sentence on the standard error if it did not, 130 after Ctrl-C.

    Examples
    --------
    >>> main(["list", "--names", "--property", "self_normalising"])
    selu
    0
    """
    try:
        import rich  # noqa: F401
        import typer
    except ModuleNotFoundError:
        return _fail('the command line needs Typer and rich: pip install "actfn[cli]"')
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # where a character is lacking, another is shown
    try:
        with _terminable():
            from actfn.framework_commands import app

            code = app(args=arguments, prog_name="actfn", standalone_mode=False)
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit fails again
        return BROKEN_PIPE
    except ModuleNotFoundError as error:
        bare = str(error).startswith("No module named")
        return _fail(f"this needs {error.name}, which is not installed" if bare else str(error))
    except MemoryError:
        return _fail("there is not enough memory; a smaller --chunk needs less")
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except (ValueError, TypeError) as error:
        return _fail(str(error))
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _fail(error.format_message())  # Typer's own: an unknown option, a missing argument


def _fail(sentence: str, code: int = FAILED) -> int:
    sentence = " ".join(sentence.split())
    print(f"actfn: {sentence}{'' if sentence.endswith(('.', '?', '!')) else '.'}", file=sys.stderr)
    return code


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP clean up as Ctrl-C does, unless they are ignored or handled already."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    replaced = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        replaced = []  # only the main thread may set handlers
    for number in replaced:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
