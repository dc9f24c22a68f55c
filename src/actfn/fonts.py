"""Fonts for Chinese labels: find one that is installed, and give it to every text that needs it.

matplotlib draws a box for each character that a font lacks. It falls back from one font of a list to the next, so a text
needs no more than a font with Chinese characters at the end of its list.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from functools import cache

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

# Fonts that look right in running text come before whatever else has the characters.
PREFERRED = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "SimHei",
    "Heiti SC",
    "Arial Unicode MS",
)
NEEDED = "函数导饱和激活值"
LACKING = (
    "no font with Chinese characters is installed, so the labels are in English; install one, such as Noto Sans CJK SC"
)


@cache
def chinese_family() -> str | None:
    """Return the name of an installed font with Chinese characters, or None if there is none."""
    found = _with_characters()
    if found is None:
        # matplotlib remembers the fonts of its first start; one may have been installed since.
        for path in sorted(
            {*font_manager.findSystemFonts()} - {entry.fname for entry in font_manager.fontManager.ttflist}
        ):
            with suppress(OSError, RuntimeError):
                font_manager.fontManager.addfont(path)
        found = _with_characters()
    return found


def _with_characters() -> str | None:
    """Return the name of the best font that has the characters needed, of those that matplotlib knows."""
    rank = {name: place for place, name in enumerate(PREFERRED)}
    # The font of last resort has a box for every character.
    known = {(entry.name, entry.fname) for entry in font_manager.fontManager.ttflist if "Last Resort" not in entry.name}
    ordered = sorted(known, key=lambda font: (rank.get(font[0], len(rank)), *font))
    return next((name for name, path in ordered if _has(path, NEEDED)), None)


def language_with_font(language: str) -> str:
    """Return the language in which labels can be drawn: English, with a warning, where Chinese has no font."""
    if language == "zh" and chinese_family() is None:
        warnings.warn(LACKING, UserWarning, stacklevel=4)
        return "en"
    return language


def is_chinese(text: str) -> bool:
    """Tell whether a text has Chinese characters or punctuation.

    Examples
    --------
    >>> is_chinese("f′(x)"), is_chinese("导数")
    (False, True)
    """
    return any("\u2e80" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in text)


def cover(figure: Figure) -> bool:
    """Give every text with Chinese characters a font that has them; return whether all of them have one.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.suptitle("plain")
    >>> cover(figure)
    True
    """
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and is_chinese(text.get_text())]
    family = chinese_family()
    if family is None:
        return not texts
    for text in texts:
        before = text.get_fontfamily()
        if family not in before:
            text.set_fontfamily([*before, family])
    return True


def _has(path: str, characters: str) -> bool:
    try:
        charmap = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):
        return False
    return all(ord(character) in charmap for character in characters)
