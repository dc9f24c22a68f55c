"""The declarations: every module of this package is read, and every declaration in it is a function of actfn."""

from __future__ import annotations

import importlib
import pkgutil

from actfn.functions.declare import Declaration


def declared() -> dict[str, Declaration]:
    """Return every declaration of this package by name, in the order of the modules' names and of their lines."""
    found: dict[str, Declaration] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for member in vars(module).values():
            if isinstance(member, Declaration) and member.module == module.__name__:
                if member.name in found:
                    raise ValueError(f"{member.name!r} is declared in {found[member.name].module} and {member.module}")
                found[member.name] = member
    return found
