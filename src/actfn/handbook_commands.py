"""The command of ``actfn`` that writes the handbook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from actfn.commands import _wrote, progress_bar
from actfn.derivation_commands import app

__all__ = ["app", "handbook"]

LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}


@app.command()
def handbook(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    lang: Annotated[str, typer.Option(help="The language of the pages: en, zh or both.")] = "both",
    common: Annotated[bool, typer.Option("--common", help="Only pages about the common functions.")] = False,
) -> None:
    """Write the handbook: pages about every function, to open in a browser without a network."""
    if lang not in LANGUAGES:
        raise ValueError(f"language {lang!r} is unknown; known are {', '.join(LANGUAGES)}")
    try:
        from actfn.handbook import common_names, count, render, replacing_folder
    except ModuleNotFoundError as error:
        if error.name in ("jinja2", "markupsafe"):
            raise ModuleNotFoundError(
                'the handbook needs Jinja2: pip install "actfn[handbook]"', name="jinja2"
            ) from None
        raise
    names = common_names() if common else None
    pages = render(LANGUAGES[lang], names, processes=len(os.sched_getaffinity(0)))
    with replacing_folder(output) as folder, progress_bar() as bar:
        for name, text in bar.track(pages, total=count(LANGUAGES[lang], names), description="Pages"):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    _wrote(output, ", open index.html in it")
