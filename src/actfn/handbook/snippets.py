"""The same call in each library, to copy; each gives what actfn gives with its default parameters."""

from __future__ import annotations

from actfn.activation import Activation
from actfn.frameworks import matrix, title, translate
from actfn.functions.declare import WITH_KERNELS

ARGUMENTS = {
    "prelu": "alpha=0.25",
    "maxout": "group_size=2",
    "softcapped_swiglu": "gate_cap=7, up_cap=7",
    "apl": "a=[0.2], b=[0.5]",
    "slaf": "coefficients=[0.0, 0.5, 0.5]",
    "probact": "sigma=0.5",
}
# Where the code is more than a call on x.
LINES = {
    "gated": "gate, up = np.linspace(-4, 3, 8), np.ones(8)\ny = {name}(gate, up{more})  # or one array: {name}(x, axis=-1{more})\n"
    "by_gate, by_up = {name}.vjp(gate, up, np.ones_like(y){more})",
    "stochastic": "x = np.linspace(-4, 3, 8)\nnoise = {name}.sample(x, np.random.default_rng(0){more})\n"
    "y = {name}(x, sample=noise{more})\ngradient = {name}.vjp(x, np.ones_like(y), sample=noise{more})\n"
    "evaluated = {name}(x{more})",
    "batchwise": "x = np.random.default_rng(0).normal(size=(100, 8))\ny = {name}(x, training=True{more})\n"
    "gradient = {name}.vjp(x, np.ones_like(y), training=True{more})\nmean, variance = {name}.statistics(x)\n"
    "evaluated = {name}(x, mean=mean, variance=variance{more})",
}
STARTS = {
    "torch": "import torch\n\nx = torch.linspace(-4, 3, 8)\n",
    "jax": "import jax\nimport jax.numpy as jnp\n\nx = jnp.linspace(-4, 3, 8)\n",
    "keras": "import keras\n\nx = keras.ops.linspace(-4.0, 3.0, 8)\n",
}
PARAMETERS = {
    "slaf": "coefficients",
    "prelu": "alpha",
    "elu": "alpha",
    "softplus": "beta",
    "swish": "beta",
    "leaky_relu": "negative_slope",
}


def snippets(function: Activation) -> dict[str, str]:
    """Return code for each library.

    Examples
    --------
    >>> import actfn
    >>> print(snippets(actfn.mish)["JAX"])
    import jax
    import jax.numpy as jnp
    <BLANKLINE>
    x = jnp.linspace(-4, 3, 8)
    y = jax.nn.mish(x)
    """
    code = {"NumPy (actfn)": _own(function)}
    for framework, start in STARTS.items():
        given = ARGUMENTS.get(function.name, "")
        call = translate(f"{function.name}({'' if '[' in given else given})", "actfn", framework)
        if not call.code.startswith("actfn"):
            code[title(framework)] = f"{start}y = {call.code}"
    return code


def libraries(function: Activation) -> tuple[str, ...]:
    """Return the libraries that have the function under a name of its own.

    Examples
    --------
    >>> import actfn
    >>> libraries(actfn.maxout)
    ('tensorflow-addons', 'Echo')
    """
    return tuple(title(framework) for framework in matrix()[function.name])


def _own(function: Activation) -> str:
    name, more = f"actfn.{function.name}", ARGUMENTS.get(function.name, "")
    more = f", {more}" if more else ""
    if function.kind in LINES:
        return "\n".join(["import actfn", "import numpy as np", "", LINES[function.kind].format(name=name, more=more)])
    lines = ["import actfn", "import numpy as np", "", "x = np.linspace(-4, 3, 8)", f"y = {name}(x{more})"]
    if function.kind in WITH_KERNELS:
        lines += [f"slope = {name}.derivative(x{more})", f"curvature = {name}.derivative(x, order=2{more})"]
    lines.append(f"gradient = {name}.vjp(x, np.ones_like(y){more})")
    if parameter := PARAMETERS.get(function.name):
        lines.append(f'by_{parameter} = {name}.parameter_vjp(x, np.ones_like(y){more})["{parameter}"]')
    return "\n".join(lines)
