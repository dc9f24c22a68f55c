"""The command of ``actfn`` that writes the handbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actfn.commands import _wrote
from actfn.derivation_commands import app

__all__ = ["app", "handbook"]

LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}


@app.command()
def handbook(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    lang: Annotated[str, typer.Option(help="The language of the pages: en, zh or both.")] = "both",
) -> None:
    """Write the handbook: pages about every function, to open in a browser without a network."""
    if lang not in LANGUAGES:
        raise ValueError(f"language {lang!r} is unknown; known are {', '.join(LANGUAGES)}")
    try:
        from actfn.handbook import render, replacing_folder
    except ModuleNotFoundError as error:
        if error.name in ("jinja2", "markupsafe"):
            raise ModuleNotFoundError(
                'the handbook needs Jinja2: pip install "actfn[handbook]"', name="jinja2"
            ) from None
        raise
    with replacing_folder(output) as folder:
        for name, text in render(LANGUAGES[lang]):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    _wrote(output, ", open index.html in it")
