"""The handbook: a static site about every function, in English and Chinese, that opens from disk."""

from __future__ import annotations

from actfn.handbook.folder import MARKER, replacing_folder
from actfn.handbook.site import LANGUAGES, render

__all__ = ["LANGUAGES", "MARKER", "render", "replacing_folder"]
