"""``actfn demo``: train with every function, print a table, write the report."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from actfn.evaluate import check_target, replacing

from .comparison import Outcome, Settings, compare
from .findings import percent

NEEDED = {"sklearn": "scikit-learn", "matplotlib": "matplotlib", "jinja2": "Jinja2"}


def run(
    *,
    functions: tuple[str, ...] | None,
    depth: int,
    width: int,
    epochs: int,
    seed: int,
    seeds: int,
    output: Path,
    force: bool,
    console: Console,
) -> None:
    """Train a network with each function as hidden activation and write an HTML report of how it went.

    Everything that can be wrong with the options is found before the first step of training. The report appears
    under its name only when it is complete, and the same options write the same bytes; it links into the handbook
    where there is one beside it.

    Parameters
    ----------
    functions : tuple of str, or None
        Names or aliases; None for all.
    depth, width : int
        Hidden layers, and units of each.
    epochs : int
        Passes over the training samples.
    seed, seeds : int
        The first seed, and how many consecutive ones each function is trained with.
    output : Path
        Where to write the report.
    force : bool
        Whether an existing file is replaced.
    console : rich.console.Console
        Where progress and the table go.

    Raises
    ------
    ValueError, TypeError
        For an option out of its domain or an unknown function.
    OSError
        When the output exists, is a directory, or lies in a directory that does not exist.
    ImportError
        When scikit-learn, matplotlib or Jinja2 is missing.

    Examples
    --------
    >>> import io, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "demo.html")
    ...     run(functions=("relu",), depth=1, width=8, epochs=1, seed=0, seeds=1, output=page, force=False,
    ...         console=Console(file=io.StringIO()))
    ...     page.stat().st_size > 10_000
    True
    """
    settings = Settings(functions, depth=depth, width=width, epochs=epochs, seed=seed, seeds=seeds)
    check_installed()
    check_target(output, force)
    outcomes = compare_with_progress(settings, console)
    console.print(results_table(outcomes))

    from .report import handbook_beside, render

    page = render(outcomes, settings, handbook_beside(output))
    with replacing(output, force) as folder:
        (folder / output.name).write_text(page, encoding="utf-8")
    console.print(f"Report: {output}", soft_wrap=True, highlight=False, markup=False)


def check_installed() -> None:
    """Raise ImportError unless everything the demo needs is there."""
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise ModuleNotFoundError(f'the demo needs {", ".join(missing)}: pip install "actfn[demo]"', name=missing[0])


def compare_with_progress(settings: Settings, console: Console) -> tuple[Outcome, ...]:
    """`compare` under a progress bar that counts epochs."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(settings.names) * settings.seeds * (settings.epochs + 1))
        return compare(settings, lambda name, seed: progress.update(task, advance=1, description=name))


def results_table(outcomes: Sequence[Outcome]) -> Table:
    """The results for the terminal, in the order given.

    Examples
    --------
    >>> results_table(compare(Settings(("relu",), depth=1, width=8, epochs=1, seeds=1))).row_count
    1
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        caption="Means over the seeds, ± one standard deviation. Gradient: the norm of the loss's gradient for the "
        "weights of the first and the last layer, before training. Dead: units that have no slope on any sample; "
        "saturated: outputs at which the slope is next to zero; – where not defined.",
        caption_justify="left",
    )
    table.add_column("\nfunction", no_wrap=True)
    for heading in ("test\naccuracy", "\n±", "\ntime", "gradient\nfirst", "gradient\nlast", "\ndead", "\nsaturated"):
        table.add_column(heading, justify="right")
    for outcome in outcomes:
        norms = outcome.gradient_norms(0)
        table.add_row(
            outcome.name,
            percent(outcome.accuracy),
            percent(outcome.spread),
            f"{outcome.seconds:.1f} s",
            f"{norms[0]:.2g}",
            f"{norms[-1]:.2g}",
            percent(outcome.dead),
            percent(outcome.saturated),
        )
    return table
