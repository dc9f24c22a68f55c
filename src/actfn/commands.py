"""The commands of ``actfn``: what each one reads, calls and prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

import actfn
from actfn.explained import LANGUAGES
from actfn.functions.declare import KINDS, WITH_KERNELS

if TYPE_CHECKING:
    from actfn.activation import Activation

app = typer.Typer(
    help="Activation functions: their values, derivatives, plots and explanations.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    add_completion=False,
)

Name = Annotated[str, typer.Argument(help="A function's name or alias, such as mish or SiLU.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the output if it exists.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A parameter, such as beta=1.5 or alpha=a.npy; repeatable."),
]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(actfn.info()["version"])
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command("list")
def list_functions(
    kind: Annotated[str | None, typer.Option(help=f"Only this kind: {', '.join(KINDS)}.")] = None,
    properties: Annotated[
        list[str] | None, typer.Option("--property", help="Only functions with this property; repeatable.")
    ] = None,
    search: Annotated[str | None, typer.Option(help="Only functions that mention this text.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Print the names alone, one a line.")] = False,
) -> None:
    """List the functions."""
    functions = [actfn.get(name) for name in actfn.names()]
    if kind is not None:
        _known("kind", kind, KINDS)
    for tag in properties or ():
        _known("property", tag, {tag for function in functions for tag in function.tags})
    found = set(actfn.names() if search is None else actfn.search(search))
    chosen = [
        function
        for function in functions
        if kind in (None, function.kind) and function.tags.issuperset(properties or ()) and function.name in found
    ]
    if names:
        for function in chosen:
            print(function.name)
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 1, 0))
    for function in chosen:
        facts = f"{function.kind} · range {function.range} · {', '.join(sorted(function.tags))}"
        table.add_row(
            Text(function.name, style="bold cyan", no_wrap=True),
            Text(f"{function.summary}\n") + Text(facts, style="dim"),
        )
    Console().print(table if chosen else "No function is like that.")


@app.command()
def show(
    name: Name,
    lang: Annotated[str, typer.Option(help="The language of the explanation: en or zh.")] = "en",
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the plot as PNG or SVG instead of showing it here.")
    ] = None,
    force: Force = False,
) -> None:
    """Explain a function: formula, derivatives, parameters, range, kinks, names elsewhere, plot and guide."""
    from actfn.page import print_page

    function = actfn.get(name)
    _known("language", lang, LANGUAGES)
    if plot is not None:
        orders = (0, 1, 2) if function.kind in WITH_KERNELS else (0, 1)
        _save_plot(lambda: function.plot(orders=orders).figure, plot, force)
    print_page(Console(), function, lang, curves=plot is None)
    if plot is not None:
        _wrote(plot)


@app.command("plot")
def plot_functions(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="The functions to draw together; with --grid the common ones."),
    ] = None,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .png or .svg file to write.")],
    order: Annotated[str, typer.Option(metavar="N,N", help="Which derivatives: any of 0,1,2.")] = "0,1",
    limits: Annotated[
        tuple[float, float] | None, typer.Option("--range", metavar="A B", help="The range of x; -6 6 by default.")
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="NAME=VALUE",
            help="A parameter, such as beta=1.5; alpha=0.5,1,2 draws one curve for each.",
        ),
    ] = None,
    grid: Annotated[bool, typer.Option("--grid", help="Draw each function in a panel of its own.")] = False,
    saturation: Annotated[
        float | None, typer.Option(metavar="EPSILON", help="Shade where |f'| is smaller than this, such as 0.01.")
    ] = None,
    textbook: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="Show where the formula, run as it stands in float32 (say), goes wrong."),
    ] = None,
    lang: Annotated[str, typer.Option(help="The language of the labels: en or zh.")] = "en",
    force: Force = False,
) -> None:
    """Draw functions and their derivatives into a PNG or SVG file."""
    functions = [actfn.get(name) for name in names or ()]
    if not functions and not grid:
        raise ValueError("name at least one function to draw, or give --grid for the common ones")
    _known("language", lang, LANGUAGES)
    one = len(functions) == 1 and not grid
    for option, value in (("--param", parameters), ("--saturation", saturation), ("--textbook", textbook)):
        if value and not one:
            raise ValueError(f"{option} needs a single function; several cannot share one")
    family, given = _read_family(functions[0], parameters) if one else (None, {})
    if family and (saturation is not None or textbook is not None):
        raise ValueError(f"--param {family[0]} has several values: --saturation and --textbook need a single curve")
    orders, (low, high) = _read_orders(order), limits or (None, None)

    def draw() -> Any:
        from actfn import plot

        ends: dict[str, Any] = {} if low is None or high is None else {"low": low, "high": high}
        if grid:
            return plot.plot_grid(functions or None, orders, language=lang, **ends)
        if family:
            return plot.plot_family(functions[0], family[0], family[1], orders, language=lang, **ends, **given)
        if len(functions) > 1:
            return plot.plot_many(functions, orders, language=lang, **ends)
        shown: dict[str, Any] = {"saturation": saturation, "textbook": textbook, "language": lang}
        return plot.plot(functions[0], None, orders, low, high, **shown, **given).figure

    _save_plot(draw, output, force)
    _wrote(output)


@app.command("eval")
def evaluate_file(
    name: Name,
    source: Annotated[Path, typer.Argument(metavar="IN", help="The numbers: a .npy or .csv file.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="The .npy or .csv file to write.")],
    order: Annotated[int, typer.Option(min=0, max=2, help="0 for the function, 1 or 2 for a derivative.")] = 0,
    parameters: Parameters = None,
    axis: Annotated[int | None, typer.Option(help="The axis of the rows or groups; the last by default.")] = None,
    chunk: Annotated[int | None, typer.Option(help="How many numbers to hold at a time.")] = None,
    force: Force = False,
) -> None:
    """Evaluate a function on a file of numbers, also one larger than memory."""
    from actfn import evaluate

    function = actfn.get(name)
    given = _read_parameters(function, parameters)
    bar = progress_bar()
    tasks: dict[str, Any] = {}
    with bar:

        def report(task: str, done: int, total: int) -> None:
            if task not in tasks:
                tasks[task] = bar.add_task(task, total=total)
            bar.update(tasks[task], completed=done)

        shape = evaluate.evaluate(
            function,
            source,
            output,
            order=order,
            axis=axis,
            parameters=given,
            chunk=evaluate.CHUNK if chunk is None else chunk,
            force=force,
            progress=report,
        )
    _wrote(output, f", shape {shape}")


@app.command()
def demo(
    functions: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="Which hidden activations to compare; all by default.")
    ] = None,
    depth: Annotated[int, typer.Option(min=1, help="Hidden layers.")] = 3,
    width: Annotated[int, typer.Option(min=1, help="Units in each hidden layer.")] = 64,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training set.")] = 15,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to train from.")] = 3,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The report.")] = Path(
        "actfn-demo.html"
    ),
    force: Force = False,
) -> None:
    """Train the same network on handwritten digits with each function, and write a report."""
    from actfn.lab import demo as experiment

    experiment.run(
        functions=None if functions is None else tuple(name.strip() for name in functions.split(",")),
        depth=depth,
        width=width,
        epochs=epochs,
        seed=seed,
        seeds=seeds,
        output=output,
        force=force,
        console=Console(),
    )


@app.command()
def info() -> None:
    """Say which version this is, how it was built and what it runs on."""
    table = Table(box=None, show_header=False)
    for key, value in actfn.info().items():
        shown = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
        table.add_row(Text(key.replace("_", " "), style="bold"), shown)
    Console().print(table)


def _known(what: str, value: str, known: Iterable[str]) -> None:
    """Raise ValueError, with the nearest ones, unless the value is a known one."""
    known = sorted(known)
    if value not in known:
        close = get_close_matches(value, known)
        hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(known)}"
        raise ValueError(f"{what} {value!r} is unknown; {hint}")


def _read_orders(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(order) for order in text.split(","))
    except ValueError:
        raise ValueError(f"--order {text}: give any of 0,1,2 with commas between") from None


def _read_parameters(function: Activation, texts: Iterable[str] | None) -> dict[str, Any]:
    """Return the values given as NAME=VALUE: a number, the array in a .npy file, or a word where one is expected."""
    values: dict[str, Any] = {}
    for text in texts or ():
        key, _, value = text.partition("=")
        if not key or not value:
            raise ValueError(f"--param {text}: write it as name=value, such as beta=1.5")
        if not function.parameters:
            raise ValueError(f"{function.name} has no parameters, so --param {text} does not apply")
        _known(f"{function.name}'s parameter", key, function.parameters)
        if key in values:
            raise ValueError(f"--param {key} is given twice")
        values[key] = _read_value(key, value, isinstance(function.parameters[key].default, str))
    return values


def _read_family(
    function: Activation, texts: Iterable[str] | None
) -> tuple[tuple[str, list[Any]] | None, dict[str, Any]]:
    """Return the parameter that is given several values, with them, and the other parameters."""
    listed = [text for text in texts or () if "," in text.partition("=")[2]]
    given = _read_parameters(function, [text for text in texts or () if text not in listed])
    if not listed:
        return None, given
    if len(listed) > 1:
        raise ValueError(f"--param {listed[1]}: one parameter can have several values, and {listed[0]} has")
    key, _, values = listed[0].partition("=")
    if key in given:
        raise ValueError(f"--param {key} is given twice")
    each = [_read_parameters(function, [f"{key}={value.strip()}"]) for value in values.split(",")]
    return (key, [one[key] for one in each]), given


def _read_value(key: str, text: str, word: bool) -> Any:
    if word:
        return text
    if text.lower().endswith(".npy"):
        from actfn.evaluate import open_array

        return open_array(Path(text))
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    raise ValueError(f"--param {key}={text}: the value is neither a number nor a .npy file")


def _wrote(path: Path, more: str = "") -> None:
    Console().print(f"wrote {path}{more}", markup=False, highlight=False, soft_wrap=True)


def _save_plot(draw: Callable[[], Any], path: Path, force: bool) -> None:
    """Draw a figure and write it, unless the file may not be written."""
    from actfn.evaluate import replacing
    from actfn.plot import check_format, save

    check_format(path)
    with replacing(path, force) as folder:
        save(draw(), folder / path.name)


def progress_bar() -> Progress:
    """Return a progress bar on the standard error, which says nothing where that is no terminal."""
    screen = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
