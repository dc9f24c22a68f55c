"""Write docs/functions.md: every activation function that a framework offers, and what it is called in actfn.

    python tools/functions_page.py [--check]

With --check nothing is written; the exit status tells whether a function is missing or the page is not the present one.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import actfn
from actfn import catalogue
from actfn.frameworks import matrix
from actfn.functions.spelling import FRAMEWORKS

PAGE = Path(__file__).parent.parent / "docs" / "functions.md"

# Every function of sixteen frameworks, under its usual name: the same name in actfn, another one, or several.
OFFERED: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in [
            "identity",
            "sign",
            "relu",
            "relu6",
            "bounded_relu",
            "relu_squared",
            "leaky_relu",
            "prelu",
            "rrelu",
            "threshold",
            "thresholded_relu",
            "tlu",
            "hard_shrink",
            "soft_shrink",
            "shrink",
            "crelu",
            "maxout",
            "sigmoid",
            "log_sigmoid",
            "logit",
            "hard_sigmoid",
            "tanh",
            "hard_tanh",
            "tanh_shrink",
            "softsign",
            "erf",
            "ndtr",
            "log_ndtr",
            "softplus",
            "squareplus",
            "sparse_plus",
            "sqrt_softplus",
            "elu",
            "celu",
            "selu",
            "exponential",
            "xielu",
            "silu",
            "swish",
            "hard_swish",
            "mish",
            "hard_mish",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "clipped_gelu",
            "lisht",
            "laplace",
            "snake",
            "sine",
            "sinc",
            "derf",
            "square",
            "glu",
            "swiglu",
            "gtu",
            "softcapped_swiglu",
            "softmax",
            "softmin",
            "log_softmax",
            "hardmax",
            "sparsemax",
            "entmax15",
            "gumbel_softmax",
            "solu",
            "sigsoftmax",
            "aria2",
            "eswish",
            "flatten_t_swish",
            "elish",
            "hard_elish",
            "isru",
            "isrlu",
            "nlrelu",
            "soft_clipping",
            "soft_exponential",
            "sqnl",
            "srelu",
            "apl",
            "arelu",
            "frelu",
            "mpelu",
            "tanhsoft",
            "eis",
            "probact",
            "seagull",
            "slaf",
            "dice",
        ]
    },
    "linear_affine": ("affine",),
    "step": ("heaviside",),
    "sparse_sigmoid": ("hard_sigmoid",),
    "abs": ("absolute",),
    "relu_general": ("general_relu",),
    "softsign_elliott": ("elliott",),
    "soft clamp, soft cap": ("soft_cap",),
    "dyt": ("dynamic_tanh",),
    "geglu, reglu, bilinear, seglu": ("geglu", "reglu", "bilinear", "seglu"),
    "swiglu_oai": ("swiglu_oai",),
    "logsumexp, logmeanexp": ("logsumexp", "logmeanexp"),
    "entmax_bisect": ("entmax",),
    "normmax_bisect": ("normmax",),
    "budget_bisect": ("budget",),
    "brelu (bipolar)": ("bipolar_relu",),
}

# What the frameworks list beside them and actfn leaves out, with the reason.
LEFT_OUT = {
    "pow": "arithmetic of an exponent that the user gives: `numpy.power`; the square is `square`",
    "sqrt, log, round": "arithmetic, not activations: undefined for half of all inputs, or with no derivative",
    "log1mexp": "a helper for probabilities; the name of no layer",
    "softmax2d": "`softmax(x, axis=-3)`",
    "standardize": "a normalisation: its output depends on the mean and variance of a batch or a layer",
    "Funnel": "needs a learnt convolution: `numpy.maximum(x, convolution(x))` is all that is left",
    "XUnit": "needs learnt convolutions: `gaussian` of their output times the input",
}


def missing() -> list[str]:
    """Return the names of functions that actfn should have and does not."""
    known = {declaration.name for declaration in catalogue.declarations()}
    return sorted({name for names in OFFERED.values() for name in names} - known)


TABLE = matrix()


def _named(names: tuple[str, ...]) -> Iterator[str]:
    """Yield each framework that has one of the functions, with its names for them."""
    for framework, known in FRAMEWORKS.items():
        paths = [path for name in names for path in TABLE[name].get(framework, ())]
        if paths:
            yield f"{known.title} {', '.join(dict.fromkeys(f'`{_short(path)}`' for path in paths))}"


def _short(path: str) -> str:
    """Return what is called, without its modules, or the key by which a registry is asked."""
    key = re.search(r'"(\w+)"', path)
    return key[1] if key else path.rpartition(".")[2]


def page() -> str:
    """Return the page as Markdown."""
    lines = [
        "# Every function that a framework offers",
        "",
        f"{len(OFFERED) + len(LEFT_OUT)} functions of {len(FRAMEWORKS)} frameworks; `python tools/functions_page.py` writes this page and",
        "fails if one is missing. Each framework that has the function is named with what it calls it. The defaults, and the",
        "derivatives at kinks where they differ, are on the function's page: `actfn show NAME`, or the handbook; `actfn lookup NAME",
        "--framework FRAMEWORK` says what a framework's name means.",
        "",
        "| function | in actfn | frameworks |",
        "|---|---|---|",
    ]
    for offered, names in sorted(OFFERED.items(), key=lambda item: item[0].lower()):
        calls = ", ".join(f"`{name}`" for name in names)
        lines.append(f"| {offered} | {calls} | {'; '.join(_named(names))} |")
    lines += ["", "Left out, because they are no activation functions or need more than numbers:", ""]
    lines += [f"- {name}: {reason}." for name, reason in LEFT_OUT.items()]
    others = sorted({*actfn.names()} - {name for names in OFFERED.values() for name in names})
    lines += ["", "Beyond the frameworks' lists:", "", ", ".join(f"`{name}`" for name in others) + "."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the page with what it should be")
    options = parser.parse_args()
    if absent := missing():
        sys.exit(f"actfn has no {', '.join(absent)}")
    if not options.check:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/functions.md is not the present page: run python tools/functions_page.py")
    print(f"{len(OFFERED)} functions, {len(LEFT_OUT)} left out with a reason")


if __name__ == "__main__":
    main()
