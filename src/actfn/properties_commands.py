"""The command of ``actfn`` about properties: print what is computed of a function."""

from __future__ import annotations

from typing import Annotated

import typer

import actfn
from actfn.commands import Name, Parameters, _read_parameters
from actfn.handbook_commands import app

__all__ = ["app", "properties"]


@app.command()
def properties(
    name: Name,
    parameters: Parameters = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Print a function's properties, computed from its formula, each with how it was found."""
    function = actfn.get(name)
    found = function.with_parameters(**_read_parameters(function, parameters)).properties()
    if json:
        from json import dumps

        print(dumps(found.as_dict(), indent=2))
    else:
        print(found.table())
