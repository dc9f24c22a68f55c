"""Print the files that the generated C++ depends on, one a line; the build watches them."""

from __future__ import annotations

from pathlib import Path

root = Path(__file__).parent.parent
package = root / "src" / "actfn"
sources = [
    package / "trace.py",
    *(package / "emit").glob("*.py"),
    *(package / "functions").glob("*.py"),
]
print("\n".join(sorted(str(path.relative_to(root)) for path in sources)))
