"""Print what building the package and one of its extras need, one requirement a line.

python tools/requirements.py EXTRA
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def needed(project: dict[str, dict[str, list[str]]], extra: str) -> set[str]:
    """Return the requirements of an extra, with those of the project's extras that it names."""
    found: set[str] = set()
    for requirement in project["optional-dependencies"][extra]:
        if requirement.startswith("actfn["):
            found |= needed(project, requirement.removeprefix("actfn[").removesuffix("]"))
        else:
            found.add(requirement)
    return found


def main() -> None:
    settings = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {
        *settings["build-system"]["requires"],
        *settings["project"]["dependencies"],
        *needed(settings["project"], sys.argv[1]),
    }
    print("\n".join(sorted(wanted)))


if __name__ == "__main__":
    main()
