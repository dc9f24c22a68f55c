"""Turn Markdown into HTML: mathematics as MathML, names of functions as links, code to copy."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from actfn.handbook.contents import names
from actfn.handbook.facts import power_of_ten
from actfn.handbook.latex import mathml

# A browser would end a line between a formula and what belongs to it.
ATTACHED = re.compile(
    r"[（“(]?<math>(?:(?!</math>).)*</math>[，。；：、！？）”,.;:!?)’]+|[（“(]<math>(?:(?!</math>).)*</math>"
)
EXPONENT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([-+]?\d+)\b", re.ASCII)
MATHEMATICS = re.compile(r"\$([^$\n]+(?:\n[^$\n]+)?)\$")
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def html(
    markdown: str, *, here: str = "", pages: Collection[str] | None = None, raw: bool = False, deeper: int = 0
) -> Markup:
    """Return Markdown as HTML.

    Parameters
    ----------
    markdown : str
    here : str
        The function that the page is about, which is not linked.
    pages : collection of str, optional
        The functions that have pages; all by default.
    raw : bool
        Whether HTML within the text stays HTML.
    deeper : int
        By how many levels headings sink.

    Examples
    --------
    >>> html("`gelu` and $x$.")
    Markup('<p><a href="gelu.html"><code>gelu</code></a> and <span class="whole"><math><mi>x</mi></math>.</span></p>\\n')
    """
    reader = MarkdownIt("commonmark", {"html": raw}).enable("table")
    reader.inline.ruler.before("escape", "mathematics", _read_mathematics)
    for name, rule in (
        ("mathematics", _mathematics),
        ("text", _text),
        ("fence", _code),
        ("code_inline", _name),
        ("table_open", _table),
        ("table_close", _table_end),
    ):
        reader.add_render_rule(name, rule)
    tokens = reader.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{int(token.tag[1]) + deeper}"
    shown = reader.renderer.render(tokens, reader.options, {"here": here, "pages": names() if pages is None else pages})
    return linked(ATTACHED.sub(r'<span class="whole">\g<0></span>', shown))


def linked(text: str) -> Markup:
    """Return HTML in which papers of arXiv are links."""
    return Markup(ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', text))


def paper(text: str) -> Markup:
    """Return a reference as HTML.

    Examples
    --------
    >>> paper("Misra 2019, arXiv:1908.08681")
    Markup('Misra 2019, <a href="https://arxiv.org/abs/1908.08681">arXiv:1908.08681</a>')
    """
    return linked(str(escape(text)))


def _read_mathematics(state: StateInline, silent: bool) -> bool:
    found = MATHEMATICS.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("mathematics", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _mathematics(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, about: Any) -> str:
    return mathml(tokens[index].content)


def _text(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, about: Any) -> str:
    return str(escape(scientific(tokens[index].content)))


def scientific(text: str) -> str:
    """Return a text with its numbers as people write them; no line ends within one.

    Examples
    --------
    >>> scientific("from 2.5e-08 to 1e+20")
    'from 2.5\xa0×\xa010⁻⁸ to 10²⁰'
    """
    return EXPONENT.sub(_times, text)


def _times(found: re.Match[str]) -> str:
    power = power_of_ten(int(found[2]))
    return power.removeprefix("\u00a0×\u00a0") if found[1] == "1" else f"{found[1]}{power}"


def _code(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, about: Any) -> str:
    return code(tokens[index].content)


def _name(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, about: Any) -> str:
    text = tokens[index].content
    shown = f"<code>{escape(text)}</code>"
    return f'<a href="{text}.html">{shown}</a>' if text in about["pages"] and text != about["here"] else shown


def _table(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, about: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _table_end(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, about: Any) -> str:
    return "</table></div>\n"


def code(text: str) -> Markup:
    """Return a block of code that the keyboard can scroll."""
    return Markup(f'<pre tabindex="0"><code>{escape(text.strip())}</code></pre>\n')
