"""How frameworks spell a function: which frameworks there are, and what a declaration says of a call of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

NONE: Mapping[Any, Any] = MappingProxyType({})


class Framework(NamedTuple):
    """A library that offers activation functions, and other names by which it is asked for."""

    title: str
    aliases: tuple[str, ...] = ()


FRAMEWORKS: Mapping[str, Framework] = MappingProxyType(
    {
        "torch": Framework("PyTorch", ("torch.nn", "torch.nn.functional")),
        "jax": Framework("JAX", ("jax.nn",)),
        "keras": Framework("Keras", ("tf.keras",)),
        "onnx": Framework("ONNX", ("onnxruntime",)),
        "tensorflow": Framework("TensorFlow", ("tf", "tf.nn")),
        "flax": Framework("Flax", ("flax.linen", "flax.nnx")),
        "tensorflow_addons": Framework("tensorflow-addons", ("tfa",)),
        "scipy": Framework("SciPy", ("numpy",)),
        "timm": Framework("timm"),
        "transformers": Framework("transformers", ("hf", "huggingface")),
        "mlx": Framework("MLX", ("mlx.nn",)),
        "tinygrad": Framework("tinygrad"),
        "onednn": Framework("oneDNN", ("dnnl", "mkldnn")),
        "entmax": Framework("entmax"),
        "x_transformers": Framework("x-transformers"),
        "echo": Framework("Echo", ("echoai",)),
    }
)


class Argument(NamedTuple):
    """Which parameter an argument is, how its value is written, and which words or None stand for a value."""

    parameter: str
    template: str = "{}"
    words: Mapping[str | None, Any] = NONE


class Spelling(NamedTuple):
    """One call by which a framework offers a function.

    Attributes
    ----------
    call : str
        The call with the framework's own argument names and defaults; an argument without a default must be given. A function
        takes its input first, ``jax.nn.elu(x, alpha=1.0)``; a layer is made and then called, ``torch.nn.ELU(alpha=1.0)(x)``;
        a registry is asked by key, ``transformers.activations.ACT2FN["relu"](x)``. An operator has no path, ``Elu(X, alpha=1.0)``.
    means : mapping of str to str or Argument
        The parameter that an argument is. One with a parameter's own name need not be named.
    values : mapping of str to value
        Parameters that the call fixes at another value than the declaration's default.
    requires : mapping of str to value or tuple of values
        Arguments that must have this value (or one of these) for the call to be this function.
    ignores : tuple of str
        Arguments that do not change which function it is.
    renamed : mapping of str to str
        Arguments that had another name in an older version: the old name and the present one.
    kinks : tuple of str or float
        The derivative at each kink of the declaration, where it is another than the one declared: ``"left"``, ``"right"``, the
        ``"sum"`` of both, or a number.
    note : str
        What else one should know.
    differs : str
        In what its values are not those of the function; empty where they are the same but for rounding.
    recipe : bool
        Whether ``call`` is an expression of ``x`` and the parameters, in a framework without a function for it.
    part : str
        What else ``call`` does, where it is a larger layer and the function a part of it; it is listed, and neither looked up
        nor translated.
    """

    call: str
    means: Mapping[str, str | Argument] = NONE
    values: Mapping[str, Any] = NONE
    requires: Mapping[str, Any] = NONE
    ignores: tuple[str, ...] = ()
    renamed: Mapping[str, str] = NONE
    kinks: tuple[str | float, ...] = ()
    note: str = ""
    differs: str = ""
    recipe: bool = False
    part: str = ""


Names = Mapping[str, "str | Spelling | tuple[str | Spelling, ...]"]


def spellings(names: Names) -> Mapping[str, tuple[Spelling, ...]]:
    """Return the spellings in each framework, in the order of the frameworks; text alone is a call.

    Raises
    ------
    ValueError
        If a framework is unknown.
    """
    for framework in names:
        if framework not in FRAMEWORKS:
            raise ValueError(f"names: framework {framework!r} is unknown; known are {', '.join(FRAMEWORKS)}")
    return MappingProxyType({framework: _several(names[framework]) for framework in FRAMEWORKS if framework in names})


def _several(listed: str | Spelling | tuple[str | Spelling, ...]) -> tuple[Spelling, ...]:
    # A Spelling is a tuple itself.
    several = (listed,) if isinstance(listed, (str, Spelling)) else listed
    return tuple(Spelling(one) if isinstance(one, str) else one for one in several)
