"""The handbook: a static site about every function, in English and Chinese, that opens from disk."""

from __future__ import annotations

from actfn.handbook.contents import common_names
from actfn.handbook.folder import MARKER, replacing_folder
from actfn.handbook.site import LANGUAGES, count, render

__all__ = ["LANGUAGES", "MARKER", "common_names", "count", "render", "replacing_folder"]
