"""The page that explains one function in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from actfn import formula
from actfn.catalogue import guided_names
from actfn.curves import sample
from actfn.frameworks import disagreements, rows
from actfn.terminal import draw, plain_mathematics

if TYPE_CHECKING:
    import sympy

    from actfn.activation import Activation

WORDS = {
    "en": {
        "aliases": "also called",
        "kind": "kind",
        "formula": "f(x)",
        "range": "range",
        "kinks": "kinks",
        "slope": "derivative",
        "smooth": "none: the derivative is continuous",
        "kink": "x = {x:g}: slope {left:g} before, {right:g} after, {chosen:g} at it",
        "inverse": "inverse",
        "none": "none",
        "tags": "properties",
        "parameters": "Parameters",
        "default": "default",
        "required": "must be given",
        "domain": "domain",
        "meaning": "meaning",
        "elsewhere": "Names elsewhere",
        "disagreements": "Where libraries disagree",
        "papers": "Papers",
        "accuracy": "Largest error, in units in the last place",
        "order 0": "value",
        "order 1": "first derivative",
        "order 2": "second derivative",
        "points": "{points:,} points",
        "all": "every number",
    },
    "zh": {
        "aliases": "别名",
        "kind": "类别",
        "formula": "f(x)",
        "range": "值域",
        "kinks": "折点",
        "slope": "导数",
        "smooth": "无：导数连续",
        "kink": "x = {x:g}：左斜率 {left:g}，右斜率 {right:g}，该点取 {chosen:g}",
        "inverse": "反函数",
        "none": "无",
        "tags": "性质",
        "parameters": "参数",
        "default": "默认值",
        "required": "必须给出",
        "domain": "取值范围",
        "meaning": "含义",
        "elsewhere": "其他框架中的名称",
        "disagreements": "各库的分歧",
        "papers": "论文",
        "accuracy": "最大误差（以末位单位 ULP 计）",
        "order 0": "函数值",
        "order 1": "一阶导数",
        "order 2": "二阶导数",
        "points": "{points:,} 个点",
        "all": "所有数",
    },
}


LANGUAGES = tuple(WORDS)


def print_page(console: Console, function: Activation, language: str = "en", *, curves: bool = True) -> None:
    """Print everything there is to know about a function.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    function : Activation
    language : str
        Of the headings and the guide: "en" or "zh".
    curves : bool
        Whether the function and its derivative are drawn.

    Examples
    --------
    >>> import actfn, io
    >>> screen = Console(file=io.StringIO(), width=80)
    >>> print_page(screen, actfn.relu)
    >>> print(screen.file.getvalue().splitlines()[0])
    relu
    """
    words = WORDS[language]
    console.print(Text(function.name, style="bold cyan"), Text(function.summary), "", sep="\n")
    console.print(_facts(function, words), "", sep="\n")
    if function.parameters:
        console.print(_parameters(function, words))
    if rows(function):
        console.print(_elsewhere(function, words))
    if found := disagreements(function.name):
        listed = "\n".join(f"- {plain_mathematics(one.text[language])}" for one in found)
        console.print(Text(words["disagreements"], style="italic"), Markdown(listed), "", sep="\n")
    if function.papers:
        papers = [Text(f"  {paper}") for paper in function.papers]
        console.print(Text(words["papers"], style="italic"), *papers, "", sep="\n")
    if function.kind == "elementwise" and (accuracy := _accuracy(function, words)).rows:
        console.print(accuracy)
    if curves:
        _print_curves(console, function, words)
    if function.name in guided_names():
        _, _, guide = function.guide(language).partition("\n")  # the first line is the name again
        console.print(Markdown(plain_mathematics(guide)))


def _facts(function: Activation, words: dict[str, str]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)

    def row(key: str, value: str) -> None:
        table.add_row(words[key], Text(value))

    if function.aliases:
        row("aliases", ", ".join(function.aliases))
    row("kind", function.kind)
    row("formula", function.formula)
    for name, order, by in formula.slopes(function._declaration):
        table.add_row(name, Text(_readable(function.sympy(order, by))))
    row("range", str(function.range))
    if function.kind in ("elementwise", "expansion", "stochastic"):
        slopes = [
            words["kink"].format(x=kink.x, left=kink.left, right=kink.right, chosen=kink.chosen)
            for kink in function.kinks
        ]
        row("kinks", "\n".join(slopes) or words["smooth"])
        row("inverse", repr(function.inverse) if function.inverse else words["none"])
    row("tags", ", ".join(sorted(function.tags)))
    return table


def _readable(expression: sympy.Expr) -> str:
    """Return an expression as text in the way formulas are written: ``x^2``, and ``a if x > 0 else b``."""
    from sympy import piecewise_fold
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]
        def _print_Piecewise(self, pieces: Any) -> str:
            *cases, last = pieces.args
            text = [f"{self._print(value)} if {self._print(condition)} else " for value, condition in cases]
            return "".join(text) + str(self._print(last[0]))

    return str(Printer().doprint(piecewise_fold(expression))).replace("**", "^")


def _parameters(function: Activation, words: dict[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=words["parameters"], title_justify="left")
    for heading in ("", words["default"], words["domain"], words["meaning"]):
        table.add_column(heading)
    for key, parameter in function.parameters.items():
        default = words["required"] if parameter.default is None else str(parameter.default)
        words_only = type(parameter.domain) is tuple
        domain = " | ".join(map(str, parameter.domain)) if words_only else str(parameter.domain)
        table.add_row(Text(key, style="bold"), default, Text(domain), parameter.description)
    return table


def _elsewhere(function: Activation, words: dict[str, str]) -> Table:
    """Return how each framework spells a function, with its defaults and what differs there."""
    table = Table(box=box.SIMPLE_HEAD, title=words["elsewhere"], title_justify="left", show_header=False)
    named = ""
    for row in rows(function):
        remarks = "".join(f"\n  {remark}" for remark in row.remarks)
        table.add_row(row.framework if row.framework != named else "", Text(row.code) + Text(remarks, style="dim"))
        named = row.framework
    return table


def _accuracy(function: Activation, words: dict[str, str]) -> Table:
    """Return the committed figures of a function for the instruction set of this process."""
    from actfn.accuracy import tables
    from actfn.information import info

    committed = tables.read()
    table = Table(box=box.SIMPLE_HEAD, title=words["accuracy"], title_justify="left")
    for heading in ("", *(words[f"order {order}"] for order in range(3)), ""):
        table.add_column(heading)
    for dtype in tables.BOUNDS:
        found = [committed.get((function.name, order, dtype, str(info()["instruction_set"]))) for order in range(3)]
        known = [row for row in found if row is not None]
        if len(known) == len(found):
            points = min(int(row["points"]) for row in known)
            whole = points in (2**16, 2**32)
            said = words["all"] if whole else words["points"].format(points=points)
            table.add_row(Text(dtype, style="bold"), *(row["max_ulp"] for row in known), said)
    return table


def _print_curves(console: Console, function: Activation, words: dict[str, str]) -> None:
    """Print the function and its derivative, side by side where there is room."""
    unicode = console.encoding.lower().startswith("utf")
    beside = console.width >= 76
    width = min(60, console.width // 2 - 2) if beside else console.width
    panels = []
    for order, style, remark in ((0, "bold cyan", ""), (1, "bold yellow", f", {words['slope']}")):
        curve = sample(function, order)
        heading = Text(f"{curve.subject}{remark}\n", style="italic")
        panels.append(heading + draw(curve, width, style=style, unicode=unicode) + Text("\n"))
    grid = Table.grid(padding=(0, 2))
    for row in [panels] if beside else [[panel] for panel in panels]:
        grid.add_row(*row)
    console.print(grid)
