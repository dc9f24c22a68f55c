"""Which functions there are: found by name, by alias, by what is said of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from actfn.functions import declared
from actfn.functions.declare import Declaration


class UnknownNameError(ValueError):
    """No function bears the name that was given."""


@cache
def _all() -> dict[str, Declaration]:
    return declared()


@cache
def _keys() -> dict[str, str]:
    names: dict[str, str] = {}
    for declaration in _all().values():
        for name in (*declaration.aliases, declaration.name):
            if names.setdefault(key(name), declaration.name) != declaration.name:
                raise ValueError(f"{name!r} means both {names[key(name)]} and {declaration.name}")
    return names


def key(name: str) -> str:
    """Return what all ways to write a name have in common: its letters and digits, in lower case."""
    return "".join(character for character in name.lower() if character.isalnum())


def declarations() -> tuple[Declaration, ...]:
    """Return the declarations of all functions, inverses too."""
    return tuple(_all().values())


def add(declaration: Declaration) -> None:
    """Add a declaration made outside the package, or replace one that the same module made before.

    Raises
    ------
    ValueError
        If another function bears one of its names.
    """
    known = _all().get(declaration.name)
    again = known is not None and known.module == declaration.module
    for name in (declaration.name, *declaration.aliases):
        owner = _keys().get(key(name))
        if owner is not None and not (again and owner == declaration.name):
            raise ValueError(f"the name {name!r} is taken by actfn.{owner}; choose another one")
    _all()[declaration.name] = declaration
    _keys.cache_clear()


def find(name: str) -> Declaration:
    """Return the declaration with this name or alias, in any case, with or without underscores.

    Raises
    ------
    UnknownNameError
        If there is none; the message offers the closest names.
    """
    if not isinstance(name, str):
        raise TypeError(f"a function's name is a string, not {type(name).__name__} {name!r}")
    wanted = key(name)
    if wanted in _keys():
        return _all()[_keys()[wanted]]
    import difflib

    close = [_keys()[match] for match in difflib.get_close_matches(wanted, _keys(), n=3)]
    hint = f"did you mean {' or '.join(dict.fromkeys(close))}?" if close else "actfn.names() lists all names"
    raise UnknownNameError(f"there is no activation function called {name!r}; {hint}")


def names() -> tuple[str, ...]:
    """Return the names of all activation functions; inverses are found by ``get`` and ``Activation.inverse``.

    Examples
    --------
    >>> import actfn
    >>> "mish" in actfn.names()
    True
    """
    return tuple(sorted(name for name, declaration in _all().items() if declaration.inverse_of is None))


def common_names() -> tuple[str, ...]:
    """Return the names of the functions that networks commonly use: what is compared, drawn and trained unless told otherwise.

    Examples
    --------
    >>> "mish" in common_names(), "sqnl" in common_names()
    (True, False)
    """
    return tuple(name for name in names() if _all()[name].hot)


@cache
def guided_names() -> frozenset[str]:
    """Return the names of the functions that have a guide.

    Examples
    --------
    >>> "mish" in guided_names()
    True
    """
    return frozenset(path.stem for path in (Path(__file__).parent / "guides" / "zh").glob("*.md"))


def search(text: str) -> tuple[str, ...]:
    """Return the names of the functions whose name, aliases, tags, summary or framework names contain the text.

    Examples
    --------
    >>> import actfn
    >>> actfn.search("self_normalising")
    ('selu',)
    """
    wanted = text.lower()

    def matches(declaration: Declaration) -> bool:
        said = (
            declaration.name,
            *declaration.aliases,
            *declaration.tags,
            declaration.summary,
            *(spelling.call for spelt in declaration.names.values() for spelling in spelt),
        )
        return any(wanted in part.lower() for part in said)

    return tuple(name for name in names() if matches(_all()[name]))
