"""Write a folder as a whole: all of it appears, or nothing changes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARKER = ".actfn-handbook"  # a file that tells that a folder may be replaced


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside the target; at the end, put it in the target's place.

    Raises
    ------
    OSError
        If the target is a file, or a folder with something other than a handbook in it, or cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with replacing_folder(Path(parent, "site")) as folder:
    ...         _ = (folder / "index.html").write_text("a page")
    ...     sorted(path.name for path in Path(parent, "site").iterdir())
    ['.actfn-handbook', 'index.html']
    """
    check_folder(target)
    final = Path(os.path.realpath(target))  # a link stays a link
    try:
        beside = tempfile.TemporaryDirectory(prefix=f".{final.name[:80]}.", suffix=".partial", dir=final.parent)
    except OSError as error:
        raise type(error)(f"{target} cannot be written: {error.strerror}") from None
    with beside as name:
        complete, before = Path(name, "new"), Path(name, "old")
        complete.mkdir()
        yield complete
        (complete / MARKER).write_text("Written by actfn handbook, which replaces this folder.\n", encoding="utf-8")
        check_folder(target)
        if final.exists():
            final.rename(before)
        try:
            complete.rename(final)
        except OSError:
            if before.exists():
                before.rename(final)
            raise


def check_folder(target: Path) -> None:
    """Raise OSError unless the target may be written: a new folder, an empty one, or a handbook."""
    if not target.resolve().parent.is_dir():
        raise FileNotFoundError(f"{target}: the folder {target.parent} does not exist")
    if not target.exists():
        return
    if not target.is_dir():
        raise NotADirectoryError(f"{target} is a file, not a folder")
    if any(target.iterdir()) and not (target / MARKER).is_file():
        raise FileExistsError(f"{target} holds something else than a handbook; name a new or an empty folder")
