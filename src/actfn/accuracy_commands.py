"""The commands of ``actfn`` about accuracy: check a callable, write golden vectors."""

from __future__ import annotations

import dataclasses
import importlib
import math
import os
import pkgutil
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actfn.activation import Activation
from actfn.commands import Force, _wrote, app, progress_bar

if TYPE_CHECKING:
    from actfn.accuracy import Report

__all__ = ["app", "check", "golden", "load"]

OUTSIDE = 1  # the exit code where the bound does not hold

Order = Annotated[int, typer.Option(min=0, max=2, help="0 for the function, 1 or 2 for a derivative.")]
Dtype = Annotated[str, typer.Option(help="float16, bfloat16, float32 or float64.")]


@app.command()
def check(
    target: Annotated[
        str, typer.Argument(metavar="MODULE:FUNCTION", help="The callable, such as torch.nn.functional:gelu.")
    ],
    reference: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What it should be, such as gelu or 'elu(alpha=0.5)'.")
    ],
    order: Order = 0,
    dtype: Dtype = "float32",
    exhaustive: Annotated[bool, typer.Option("--exhaustive", help="Try all 2^32 numbers of float32.")] = False,
    max_ulp: Annotated[float, typer.Option("--max-ulp", help="The largest error that passes.")] = 4.0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures as JSON.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the figures and a plot.")] = None,
    library: Annotated[
        str | None, typer.Option(help="Whose arrays the callable takes: numpy, torch or jax; found out by default.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep an exhaustive check here, to go on if it is stopped.")
    ] = None,
    force: Force = False,
) -> int:
    """Compare a callable with the exact function; exit with 1 if an error is above the bound."""
    from actfn.accuracy.check import resolve
    from actfn.evaluate import check_target, replacing

    outputs = [path for path in (json, html) if path is not None]
    for path in outputs:
        check_target(path, force)
    if json is not None and html is not None and json.resolve() == html.resolve():
        raise ValueError(f"--json and --html are both {json}; give each its own file")
    if not 0 <= max_ulp < math.inf:
        raise ValueError(f"--max-ulp {max_ulp}: give a number that is not negative")
    if library == "array_api":
        raise ValueError("--library array_api needs a namespace: call actfn.check from Python")
    activation = resolve(reference, {})
    function = load(target)
    if exhaustive and dtype == "float32":
        report = _sweep(target, function, activation, order, max_ulp, library, state)
    else:
        report = _sample(function, activation, order, dtype, max_ulp, exhaustive, library)
    report = dataclasses.replace(report, subject=target)
    print(report.table())
    for path in outputs:
        with replacing(path, force) as folder:
            text = report.to_json() if path is json else report.to_html()
            (folder / path.name).write_text(text, encoding="utf-8", newline="\n")
        _wrote(path)
    return 0 if report.ok else OUTSIDE


@app.command()
def golden(
    name: Annotated[str, typer.Argument(help="A function, such as gelu or 'elu(alpha=0.5)'.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="A .npz, .json or .csv file to write.")
    ],
    order: Order = 0,
    dtype: Dtype = "float32",
    count: Annotated[
        int | None, typer.Option(help="How many vectors; all inputs of a 16-bit format by default, or 10,000.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other inputs.")] = 0,
    force: Force = False,
) -> None:
    """Write inputs with correctly rounded results, for tests of kernels in any language."""
    from actfn.accuracy.golden import check_suffix
    from actfn.accuracy.golden import golden as vectors
    from actfn.evaluate import replacing

    check_suffix(output)
    with replacing(output, force) as folder:
        made = vectors(name, order=order, dtype=dtype, count=count, seed=seed)
        made.write(folder / output.name)
    _wrote(output, f", {len(made.x)} vectors")


def load(target: str) -> Any:
    """Import the callable that ``"module:function"`` means; a module of the current directory can be named too.

    Raises
    ------
    ValueError
        If there is none; the message offers close names.

    Examples
    --------
    >>> load("math:erf")
    <built-in function erf>
    >>> load("math:erv")
    Traceback (most recent call last):
    ...
    ValueError: math has no 'erv'; did you mean erf?
    """
    module, _, path = target.partition(":")
    if not module or not path:
        raise ValueError(f"{target!r}: write it as module:function, such as torch.nn.functional:gelu")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    found, said = _module(module), module
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise ValueError(f"{said} has no {name!r}{_closest(name, dir(found))}") from None
        said = f"{said}.{name}"
    what = "a class" if isinstance(found, type) else "" if callable(found) else f"of type {type(found).__name__}"
    if what:
        raise ValueError(f"{target} is {what}; name a function of one array")
    return found


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        if not f"{name}.".startswith(f"{missing}."):
            raise ValueError(f"{name} cannot be imported: it needs {missing}, which is not installed") from None
        parent, _, last = missing.rpartition(".")
        folders = getattr(sys.modules.get(parent), "__path__", []) if parent else None
        beside = [missing.removesuffix(last) + module.name for module in pkgutil.iter_modules(folders)]
        raise ValueError(f"there is no module {missing!r}{_closest(missing, beside)}") from None
    except (Exception, SystemExit) as error:
        raise ValueError(f"{name} cannot be imported: it raised {type(error).__name__}: {error}") from error


def _closest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _sample(
    function: Any,
    activation: Activation,
    order: int,
    dtype: str,
    max_ulp: float,
    exhaustive: bool,
    library: str | None,
) -> Report:
    from actfn.accuracy import check as compare
    from actfn.accuracy.check import own

    if isinstance(function, Activation):
        function = own(function, order)
    options: dict[str, Any] = {"order": order, "dtype": dtype, "max_ulp": max_ulp}
    return compare(function, activation, exhaustive=exhaustive, library=library, **options)


def _sweep(
    target: str,
    function: Any,
    activation: Activation,
    order: int,
    max_ulp: float,
    library: str | None,
    state: Path | None,
) -> Report:
    from actfn.accuracy.sweep import sweep

    bar = progress_bar()
    with bar:
        task = bar.add_task(target, total=None)
        return sweep(
            function if isinstance(function, Activation) else target,
            activation,
            order=order,
            max_ulp=max_ulp,
            library=library,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            state=state,
        )
