"""The command of ``actfn`` that derives a derivative step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import actfn
from actfn.accuracy_commands import app
from actfn.commands import Force, Name, _known, _wrote

__all__ = ["app", "derive"]

FORMATS = ("text", "latex", "html")


@app.command()
def derive(
    name: Name,
    order: Annotated[int, typer.Option(min=1, max=2, help="1 for the derivative, 2 for the second one.")] = 1,
    by: Annotated[
        str | None, typer.Option(metavar="PARAMETER", help="Differentiate by a parameter, such as beta.")
    ] = None,
    lang: Annotated[str, typer.Option(help="The language of the reasons: en or zh.")] = "en",
    form: Annotated[str, typer.Option("--format", help="text, latex or html.")] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it here instead of showing it.")
    ] = None,
    force: Force = False,
) -> None:
    """Derive a derivative from the formula step by step, with the reason of each step."""
    from actfn.evaluate import check_target, replacing

    function = actfn.get(name)
    _known("format", form, FORMATS)
    if output is not None:
        check_target(output, force)
    derivation = function.derivation(order, by, lang)
    written = {"text": derivation.text, "latex": derivation.latex, "html": derivation.page}[form]()
    if output is None:
        print(written)
        return
    with replacing(output, force) as folder:
        (folder / output.name).write_text(f"{written}\n", encoding="utf-8", newline="\n")
    _wrote(output)
