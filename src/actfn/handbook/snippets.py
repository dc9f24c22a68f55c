"""The same call in each library, to copy; each gives what actfn gives with its default parameters."""

from __future__ import annotations

from actfn.activation import Activation
from actfn.frameworks import matrix, title, translate

ARGUMENTS = {"prelu": "alpha=0.25", "maxout": "group_size=2"}
STARTS = {
    "torch": "import torch\n\nx = torch.linspace(-4, 3, 8)\n",
    "jax": "import jax\nimport jax.numpy as jnp\n\nx = jnp.linspace(-4, 3, 8)\n",
    "keras": "import keras\n\nx = keras.ops.linspace(-4.0, 3.0, 8)\n",
}
PARAMETERS = {"prelu": "alpha", "elu": "alpha", "softplus": "beta", "swish": "beta", "leaky_relu": "negative_slope"}


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
        call = translate(f"{function.name}({ARGUMENTS.get(function.name, '')})", "actfn", framework)
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
    lines = ["import actfn", "import numpy as np", "", "x = np.linspace(-4, 3, 8)", f"y = {name}(x{more})"]
    if function.kind == "elementwise":
        lines += [f"slope = {name}.derivative(x{more})", f"curvature = {name}.derivative(x, order=2{more})"]
    lines.append(f"gradient = {name}.vjp(x, np.ones_like(y){more})")
    if parameter := PARAMETERS.get(function.name):
        lines.append(f'by_{parameter} = {name}.parameter_vjp(x, np.ones_like(y){more})["{parameter}"]')
    return "\n".join(lines)
