"""How classes are called after functions: GELU, LeakyReLU, LogSoftmax."""

from __future__ import annotations

WORDS = {
    name.lower(): name
    for name in (
        *("ReLU", "LU", "ELU", "SELU", "CELU", "GELU", "SiLU", "PReLU", "RReLU", "CReLU", "ReLU6", "TLU", "SReLU"),
        *("FReLU", "SmeLU", "AReLU", "MPELU", "NLReLU", "ISRU", "ISRLU", "SQNL", "APL", "SLAF", "ProbAct"),
        *("GLU", "ReGLU", "GEGLU", "SwiGLU", "SeGLU", "GTU", "OAI"),
    )
}


def class_name(function: str) -> str:
    """Return the name of the class of a function.

    Examples
    --------
    >>> class_name("leaky_relu"), class_name("gelu_tanh"), class_name("mish")
    ('LeakyReLU', 'GELUTanh', 'Mish')
    """
    return "".join(WORDS.get(word, word.capitalize()) for word in function.split("_"))
