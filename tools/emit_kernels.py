"""Write the generated C++ header of the kernels; run by the build, before the package can be imported.

python tools/emit_kernels.py SOURCE_ROOT OUTPUT
"""

from __future__ import annotations

import sys
import types
from pathlib import Path


def main() -> None:
    root, output = Path(sys.argv[1]), Path(sys.argv[2])
    # An empty package in place of actfn/__init__.py, which needs the core that is being built.
    package = types.ModuleType("actfn")
    package.__path__ = [str(root / "src" / "actfn")]
    sys.modules["actfn"] = package

    from actfn.emit.header import kernels_header
    from actfn.functions import declared

    header = kernels_header(declared())
    # A header that has not changed is left alone, so that nothing is compiled again.
    if not output.exists() or output.read_text() != header:
        output.write_text(header)


if __name__ == "__main__":
    main()
