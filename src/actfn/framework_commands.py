"""The commands of ``actfn`` about names elsewhere: look one up, and write its call for another framework."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from actfn.properties_commands import app

__all__ = ["app", "lookup", "translate"]


@app.command()
def lookup(
    name: Annotated[str, typer.Argument(help='A name or a call, such as gelu, nn.LeakyReLU or "relu(alpha=0.1)".')],
    framework: Annotated[
        str | None, typer.Option("--framework", metavar="NAME", help="Only there: torch, jax, keras, tf, onnx, ...")
    ] = None,
) -> None:
    """Say which function a name means in a framework, or in each of them."""
    from actfn import frameworks

    if framework is not None:
        found = frameworks.lookup(name, framework)
        print(f"{found.spelling} is {found.described}")
        _list(found.notes)
        return
    found_everywhere = frameworks.meanings(name)
    rows = [(frameworks.title(found.framework), found.spelling, found.described) for found in found_everywhere]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for found, (place, spelling, described) in zip(found_everywhere, rows, strict=True):
        print(f"{place:{widths[0]}}  {spelling:{widths[1]}}  {described}")
        _list(found.notes, " " * (sum(widths) + 4))


@app.command()
def translate(
    call: Annotated[str, typer.Argument(help='A name or a call, such as gelu or "LeakyReLU(negative_slope=0.1)".')],
    target: Annotated[str, typer.Option("--to", metavar="FRAMEWORK", help="The framework to write it for.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FRAMEWORK", help="Where the name comes from, unless it means the same everywhere."
        ),
    ] = None,
) -> None:
    """Print the code that is the same function in another framework, and where the two disagree."""
    from actfn import frameworks

    found = frameworks.translate(call, source, target)
    print(found.code)
    _list(found.notes)


def _list(notes: Iterable[str], indent: str = "") -> None:
    # Behind the sign of a comment, so that the output stays code.
    for note in notes:
        print(f"{indent}# {note}")
