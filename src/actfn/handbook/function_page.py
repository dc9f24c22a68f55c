"""What the page of one function shows."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from markupsafe import Markup, escape

from actfn.accuracy import tables
from actfn.activation import Activation
from actfn.curves import Curve, sample
from actfn.derivation.derive import DERIVED
from actfn.frameworks import disagreements, rows
from actfn.functions.declare import WITH_KERNELS, Interval, Kink
from actfn.handbook import prose
from actfn.handbook.contents import FAMILIES
from actfn.handbook.drawing import Line, figure
from actfn.handbook.example import example
from actfn.handbook.facts import number, values, with_examples
from actfn.handbook.formulas import formulas, spaced
from actfn.handbook.property_words import NAMES, chinese, typeset
from actfn.handbook.snippets import snippets
from actfn.handbook.textbook_code import textbook_code
from actfn.handbook.translations import meaning, remark, summary
from actfn.handbook.words import KINDS, WORDS, tag
from actfn.properties import UNDECIDED, saturated
from actfn.properties.report import lines_of

PRIMES = ("", "′", "″")
SAMPLES = 361
KNOWN = ("tried", "read")
SATURATED = 0.01  # a slope that is smaller is shaded


def content(function: Activation, language: str, pages: Collection[str] | None = None) -> dict[str, Any]:
    """Return the content of a function's page, for its template; links lead to the functions that have pages.

    Examples
    --------
    >>> import actfn
    >>> page = content(actfn.softplus, "en")
    >>> page["title"], page["parameters"][0][1], len(page["accuracy"])
    ('softplus', '1', 4)
    """
    elementwise = function.kind == "elementwise"
    parts: dict[str, Any] = {
        "picture": _picture(function, language),
        "example": example(function, language),
        "formula": formulas(function, language),
        "derivation": _derivation(function, language),
        "facts": _facts(function, language),
        "parameters": _parameters(function, language),
        "family": _family(function, language),
        "accuracy": _accuracy(function, language),
        "textbook": textbook_code(function, language),
        "elsewhere": _elsewhere(function, language),
        "disagreements": _disagreements(function, language, pages),
        "code": {library: prose.code(text) for library, text in snippets(function).items()},
        "guide": _guide(function, language, pages),
        "papers": [prose.paper(paper) for paper in function.papers],
    }
    always = {"accuracy"}
    return {
        **parts,
        "title": function.name,
        "elementwise": elementwise,
        "description": summary(function, language),
        "tags": [KINDS[language][function.kind], *(tag(name, language) for name in sorted(function.tags))],
        "sections": [key for key, part in parts.items() if part or key in always],
        "formulas": parts["formula"],
        "snippets": parts["code"],
        "values": _values(function) if elementwise else [],
        "properties": _properties(function, language),
    }


def interval(domain: Interval | tuple[str, ...]) -> str:
    """Return a range as people write it.

    Examples
    --------
    >>> interval(Interval(-0.27846454, low_closed=True)), interval(("a", "b"))
    ('[−0.2785, ∞)', 'a | b')
    """
    if not isinstance(domain, Interval):
        return " | ".join(domain)
    ends = ", ".join(f"{end:.4g}".replace("inf", "∞").replace("-", "−") for end in (domain.low, domain.high))
    return f"{'[' if domain.low_closed else '('}{ends}{']' if domain.high_closed else ')'}"


def _picture(function: Activation, language: str) -> Markup:
    words = WORDS[language]
    orders = range(3) if function.kind in WITH_KERNELS else range(2)
    curves = [sample(function, order, samples=SAMPLES) for order in orders]
    labels = [f"{function.name}{PRIMES[curve.order]}(x)" for curve in curves]
    if function.kind == "elementwise":
        caption = words["curves caption"].format(subject=curves[0].subject)
    else:
        caption = words["curves caption rows"].format(subject=words[function.kind].format(name=function.name))
    if any(curve.jumps for curve in curves):
        caption += words["jumps caption"]
    comma = words["comma"]
    described = words["curves description"].format(labels=comma.join(labels), values=comma.join(_ends(curves[0])))
    flat = _flat(function)
    if flat:
        caption += words["shaded caption"].format(epsilon=SATURATED)
    lines = [Line.of(curve, label) for curve, label in zip(curves, labels, strict=True)]
    return figure(lines, caption, described, shaded=flat, shade_label=words["shaded"].format(epsilon=SATURATED))


def _flat(function: Activation) -> list[tuple[float, float]]:
    """Return the stretches in sight on which the function saturates."""
    if function.kind != "elementwise":
        return []
    try:
        found = saturated(with_examples(function), SATURATED)
    except ValueError:  # a wave turns for ever
        return []
    return [(one.low, one.high) for one in found if one.low < 6 and one.high > -6]


def _ends(curve: Curve) -> list[str]:
    """Return the values at the ends and in the middle."""
    return [number(float(curve.y[abs(curve.x - place).argmin()])) for place in (-6, 0, 6)]


def _values(function: Activation) -> list[list[str]]:
    return [[number(row["x"]), *(number(value) for value in row["orders"])] for row in values(function)]


def _derivation(function: Activation, language: str) -> Markup:
    """Return the steps from the formula to the derivative, and to the second one."""
    orders = {"elementwise": (1, 2)}.get(function.kind, (1,)) if function.kind in DERIVED else ()
    steps = []
    for order in orders:
        # Not every rare function has a derivation.
        with suppress(ValueError):
            steps.append(function.derivation(order=order, lang=language).html())
    return Markup(spaced("".join(steps)))


def _properties(function: Activation, language: str) -> list[tuple[str, Markup, str]]:
    """Return the name, the value and the finding of each property that is worked out of the formula."""
    if function.kind != "elementwise":
        return []
    rows, undecided = [], []
    for name, (value, how) in with_examples(function).properties():
        lines, said = lines_of(value), NAMES[name] if language == "zh" else name.replace("_", " ")
        if value is None and how == UNDECIDED:
            undecided.append(said)
            continue
        if language == "zh":
            lines, how = [chinese(line, name) for line in lines], chinese(how)
        rows.append((said, Markup("<br>").join(map(typeset, lines)), typeset(how)))
    if undecided:
        how = chinese(UNDECIDED) if language == "zh" else UNDECIDED
        rows.append((WORDS[language]["undecided"], Markup(WORDS[language]["comma"].join(undecided)), how))
    return rows


def _facts(function: Activation, language: str) -> list[tuple[str, str | Markup]]:
    words = WORDS[language]
    rows: list[tuple[str, str | Markup]] = [(words["kind"], KINDS[language][function.kind])]
    if function.aliases:
        rows.append((words["aliases"], Markup(words["comma"]).join(_code(alias) for alias in function.aliases)))
    rows.append((words["range"], interval(function.range)))
    if function.kind in ("elementwise", "expansion", "stochastic"):
        kinks = Markup("<br>").join(_kink(kink, words["kink"]) for kink in function.kinks)
        rows.append((words["kinks"], kinks or words["no kinks"]))
    if function.kind == "elementwise":
        rows.append((words["inverse"], _code(repr(function.inverse)) if function.inverse else words["none"]))
    return rows


def _kink(kink: Kink, text: str) -> str:
    return text.format(**{name: number(float(value)) for name, value in kink._asdict().items()})


def _code(text: str) -> Markup:
    return Markup(f"<code>{escape(text)}</code>")


def _parameters(function: Activation, language: str) -> list[list[str]]:
    words = WORDS[language]
    rows = []
    for parameter in function.parameters.values():
        default = parameter.default
        shown = words["required"] if default is None else default if isinstance(default, str) else number(default)
        domain = interval(parameter.domain)
        rows.append([parameter.name, shown, domain, meaning(function, parameter, language)])
    return rows


def _family(function: Activation, language: str) -> list[Markup]:
    if function.name not in FAMILIES:
        return []
    words = WORDS[language]
    parameter, chosen = FAMILIES[function.name]
    listed = words["comma"].join(number(value) for value in chosen)
    figures = []
    for order, key in ((0, "family caption"), (1, "family slopes")):
        curves = [sample(function, order, samples=SAMPLES, **{parameter: value}) for value in chosen]
        lines = [Line.of(curve, f"{parameter} = {number(value)}") for curve, value in zip(curves, chosen, strict=True)]
        caption = words[key].format(name=function.name, parameter=parameter, values=listed)
        ends = words["semicolon"].join(
            f"{line.label}{words['colon']}{words['comma'].join(_ends(curve))}"
            for line, curve in zip(lines, curves, strict=True)
        )
        description = words["curves description"].format(labels=caption.rstrip("。."), values=ends)
        figures.append(figure(lines, caption, description))
    return figures


def _elsewhere(function: Activation, language: str) -> list[tuple[str, Markup, Markup]]:
    """Return how each library spells the function, with its defaults, and what differs there."""
    return [
        (row.framework, _code(row.code), Markup("<br>").join(remark(text, language) for text in row.remarks))
        for row in rows(function)
    ]


def _disagreements(function: Activation, language: str, pages: Collection[str] | None) -> list[Markup]:
    """Return where libraries disagree on the function, each with how that is known."""
    words = WORDS[language]
    items = []
    for found in disagreements(function.name):
        text = prose.html(found.text[language], here=function.name, pages=pages)
        known = [words[key].format(words["comma"].join(by)) for key, by in zip(KNOWN, found[-2:], strict=True) if by]
        source = Markup('<small class="muted">{}</small>').format(words["between"].join(known))
        items.append(Markup(text.strip().removesuffix("</p>")) + " " + source + Markup("</p>"))
    return items


def _accuracy(function: Activation, language: str) -> list[list[str]]:
    """Return the committed figures: the largest error over all instruction sets."""
    committed = tables.read()
    rows = []
    for dtype in tables.BOUNDS:
        of_dtype = [
            [
                committed[key]
                for name in tables.INSTRUCTION_SETS
                if (key := (function.name, order, dtype, name)) in committed
            ]
            for order in range(3)
        ]
        if all(of_dtype):
            points = min(int(row["points"]) for found in of_dtype for row in found)
            every = points in (2**16, 2**32)
            errors = [_error(max(float(row["max_ulp"]) for row in found)) for found in of_dtype]
            rows.append([dtype, *errors, WORDS[language]["every number"] if every else f"{points:,}"])
    return rows


def _error(ulp: float) -> str:
    return f"{ulp:.4f}" if ulp else "0"


def _guide(function: Activation, language: str, pages: Collection[str] | None) -> Markup:
    _, _, text = function.guide(language).partition("\n")  # the first line is the name again
    return prose.html(text, here=function.name, pages=pages, deeper=1)
