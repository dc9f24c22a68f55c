"""Which functions the front ends have, and how classes are called after them: GELU, LeakyReLU, LogSoftmax."""

from __future__ import annotations

from actfn import catalogue

# Those with noise, coefficients or statistics keep a state that a front end would have to hold; actfn's own take its arrays.
OFFERED = ("elementwise", "simplex", "grouped", "gated", "channelwise")
WORDS = {
    name.lower(): name
    for name in (
        *(
            "ReLU",
            "LU",
            "ELU",
            "SELU",
            "CELU",
            "GELU",
            "SiLU",
            "PReLU",
            "RReLU",
            "CReLU",
            "ReLU6",
            "TLU",
            "SReLU",
            "FReLU",
            "SmeLU",
        ),
        *("GLU", "ReGLU", "GEGLU", "SwiGLU", "SeGLU", "GTU", "OAI"),
    )
}


def offered() -> tuple[str, ...]:
    """Return the names of the functions that the front ends have.

    Examples
    --------
    >>> "glu" in offered(), "rrelu" in offered()
    (True, False)
    """
    return tuple(name for name in catalogue.names() if catalogue.find(name).kind in OFFERED)


def class_name(function: str) -> str:
    """Return the name of the class of a function.

    Examples
    --------
    >>> class_name("leaky_relu"), class_name("gelu_tanh"), class_name("mish")
    ('LeakyReLU', 'GELUTanh', 'Mish')
    """
    return "".join(WORDS.get(word, word.capitalize()) for word in function.split("_"))
