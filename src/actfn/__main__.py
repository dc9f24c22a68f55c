"""``python -m actfn`` is the command ``actfn``."""

import sys

from actfn.cli import main

if __name__ == "__main__":
    sys.exit(main())
