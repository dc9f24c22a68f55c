"""The same call in each library, to copy; each gives what actfn gives with its default parameters."""

from __future__ import annotations

from actfn.activation import Activation

# Functions for which a library has no name of its own, so that the code is a recipe.
RECIPES = {"PyTorch": {"swish", "maxout"}, "JAX": {"prelu", "maxout"}, "Keras": {"maxout"}, "ONNX": {"maxout"}}

ARGUMENTS = {"prelu": ", alpha=0.25", "maxout": ", group_size=2"}

PYTORCH = {
    "identity": "torch.nn.Identity()(x)",
    "sigmoid": "torch.sigmoid(x)",
    "hard_sigmoid": "F.hardsigmoid(x)",
    "tanh": "torch.tanh(x)",
    "softsign": "F.softsign(x)",
    "relu": "F.relu(x)",
    "leaky_relu": "F.leaky_relu(x, negative_slope=0.01)",
    "prelu": "F.prelu(x, torch.tensor(0.25))",
    "elu": "F.elu(x, alpha=1.0)",
    "selu": "F.selu(x)",
    "softplus": "F.softplus(x, beta=1.0, threshold=20.0)",
    "swish": "x * torch.sigmoid(1.0 * x)",
    "silu": "F.silu(x)",
    "mish": "F.mish(x)",
    "gelu": "F.gelu(x)",
    "gelu_tanh": 'F.gelu(x, approximate="tanh")',
    "softmax": "F.softmax(x, dim=-1)",
    "log_softmax": "F.log_softmax(x, dim=-1)",
    "maxout": "x.unflatten(-1, (-1, 2)).amax(-1)",
}
JAX = {
    "identity": "jax.nn.identity(x)",
    "sigmoid": "jax.nn.sigmoid(x)",
    "hard_sigmoid": "jax.nn.hard_sigmoid(x)",
    "tanh": "jax.nn.tanh(x)",
    "softsign": "jax.nn.soft_sign(x)",
    "relu": "jax.nn.relu(x)",
    "leaky_relu": "jax.nn.leaky_relu(x, negative_slope=0.01)",
    "prelu": "jnp.where(x > 0, x, 0.25 * x)",
    "elu": "jax.nn.elu(x, alpha=1.0)",
    "selu": "jax.nn.selu(x)",
    "softplus": "jax.nn.softplus(x)",
    "swish": "jax.nn.swish(x)",
    "silu": "jax.nn.silu(x)",
    "mish": "jax.nn.mish(x)",
    "gelu": "jax.nn.gelu(x, approximate=False)",
    "gelu_tanh": "jax.nn.gelu(x, approximate=True)",
    "softmax": "jax.nn.softmax(x, axis=-1)",
    "log_softmax": "jax.nn.log_softmax(x, axis=-1)",
    "maxout": "x.reshape(*x.shape[:-1], -1, 2).max(axis=-1)",
}
KERAS = {
    "identity": "keras.activations.linear(x)",
    "sigmoid": "keras.activations.sigmoid(x)",
    "hard_sigmoid": "keras.activations.hard_sigmoid(x)",
    "tanh": "keras.activations.tanh(x)",
    "softsign": "keras.activations.softsign(x)",
    "relu": "keras.activations.relu(x)",
    "leaky_relu": "keras.activations.leaky_relu(x, negative_slope=0.01)",
    "prelu": "keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25))(x[None])[0]",
    "elu": "keras.activations.elu(x, alpha=1.0)",
    "selu": "keras.activations.selu(x)",
    "softplus": "keras.activations.softplus(x)",
    "swish": "keras.activations.swish(x)",
    "silu": "keras.activations.silu(x)",
    "mish": "keras.activations.mish(x)",
    "gelu": "keras.activations.gelu(x, approximate=False)",
    "gelu_tanh": "keras.activations.gelu(x, approximate=True)",
    "softmax": "keras.ops.softmax(x, axis=-1)",
    "log_softmax": "keras.ops.log_softmax(x, axis=-1)",
    "maxout": "keras.ops.max(keras.ops.reshape(x, (-1, 2)), axis=-1)",
}
STARTS = {
    "PyTorch": "import torch\nimport torch.nn.functional as F\n\nx = torch.linspace(-4, 3, 8)\n",
    "JAX": "import jax\nimport jax.numpy as jnp\n\nx = jnp.linspace(-4, 3, 8)\n",
    "Keras": "import keras\n\nx = keras.ops.linspace(-4.0, 3.0, 8)\n",
}
CALLS = {"PyTorch": PYTORCH, "JAX": JAX, "Keras": KERAS}
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
    for library, calls in CALLS.items():
        call = calls.get(function.name)
        if call is None:
            continue
        start = STARTS[library]
        if "F." not in call:
            start = start.replace("import torch.nn.functional as F\n", "")
        code[library] = f"{start}y = {call}"
    return code


def libraries(function: Activation) -> tuple[str, ...]:
    """Return the libraries that have the function under a name of its own.

    Examples
    --------
    >>> import actfn
    >>> libraries(actfn.swish)
    ('JAX', 'Keras', 'ONNX')
    """
    return tuple(library for library in function.frameworks if function.name not in RECIPES.get(library, ()))


def _own(function: Activation) -> str:
    name, more = f"actfn.{function.name}", ARGUMENTS.get(function.name, "")
    lines = ["import actfn", "import numpy as np", "", "x = np.linspace(-4, 3, 8)", f"y = {name}(x{more})"]
    if function.kind == "elementwise":
        lines += [f"slope = {name}.derivative(x{more})", f"curvature = {name}.derivative(x, order=2{more})"]
    lines.append(f"gradient = {name}.vjp(x, np.ones_like(y){more})")
    if parameter := PARAMETERS.get(function.name):
        lines.append(f'by_{parameter} = {name}.parameter_vjp(x, np.ones_like(y){more})["{parameter}"]')
    return "\n".join(lines)
