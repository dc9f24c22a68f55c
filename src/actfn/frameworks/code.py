"""Write a function with its parameters as a call of a framework."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from actfn.frameworks.calls import INFINITIES, written
from actfn.frameworks.meaning import literal
from actfn.frameworks.signature import ACTFN, REQUIRED, Entry, first, own_spelling
from actfn.functions.declare import Declaration
from actfn.functions.spelling import Argument

# Where actfn has functions and layers for a framework's own arrays.
OWN_PLACES = {"torch": "actfn.torch"}


def write(entry: Entry, parameters: Mapping[str, Any], source: str | None, layer: bool) -> str | None:
    """Return the call that is a function with these parameters, or None if there is none.

    Parameters
    ----------
    entry : Entry
        The spelling to use.
    parameters : mapping of str to value
        All parameters, and the axis; one that is None stands as a name.
    source : str or None
        The text of the input.
    layer : bool
        Whether a layer may stay without an input.

    Examples
    --------
    >>> from actfn import catalogue
    >>> mish = catalogue.find("mish")
    >>> write(Entry("torch", mish, mish.names["torch"][1]), {}, None, layer=True)
    'torch.nn.Mish()'
    """
    if not _expressible(entry, parameters):
        return None
    signature, spelling = entry.signature, entry.spelling
    arguments: dict[str, str] = {}
    for name, default in signature.arguments.items():
        if name in spelling.requires:
            arguments[name] = literal(first(spelling.requires[name]))
        elif name in entry.means:
            value = _value(parameters[entry.means[name].parameter], entry.means[name])
            if value is None:
                return None
            arguments[name] = value
        elif default is REQUIRED:
            arguments[name] = name
    if entry.framework == "onnx":
        return _node(entry, arguments, source)
    if entry.framework == "onednn":
        return _primitive(entry, arguments)
    listed = [f"{name}={value}" for name, value in arguments.items()]
    if signature.layer:
        made = f"{signature.path}({', '.join(listed)})"
        return made if layer and source is None else f"{made}({source or 'x'})"
    positional = [value for name, value in arguments.items() if signature.arguments[name] is REQUIRED]
    listed = [one for one, name in zip(listed, arguments, strict=True) if signature.arguments[name] is not REQUIRED]
    return f"{signature.path}({', '.join([source or 'x', *positional, *listed])})"


def _expressible(entry: Entry, parameters: Mapping[str, Any]) -> bool:
    settable = {argument.parameter for argument in entry.means.values()}
    return all(value == parameters.get(name, value) for name, value in entry.fixed.items() if name not in settable)


def _value(value: Any, argument: Argument) -> str | None:
    """Return a parameter's value as code; its name if it is not known, None if the framework cannot say it."""
    if value is None:
        return argument.template.format(argument.parameter)
    words = {meant: word for word, meant in reversed(list(argument.words.items()))}
    if value in words and (isinstance(value, str) or words[value] is None or argument.template != "{}"):
        return literal(words[value])
    if value == "all":
        return None
    return argument.template.format(literal(value))


def _node(entry: Entry, arguments: Mapping[str, str], source: str | None) -> str:
    """Return the making of an ONNX node; arguments that must be given are inputs."""
    signature = entry.signature
    tensor = source if source is not None and source.isidentifier() else "x"
    inputs = [tensor, *(name for name in arguments if signature.arguments[name] is REQUIRED)]
    listed = "".join(f", {name}={value}" for name, value in arguments.items() if name not in inputs)
    names = ", ".join(f'"{name}"' for name in inputs)
    return f'onnx.helper.make_node("{signature.path}", [{names}], ["y"]{listed})'


def _primitive(entry: Entry, arguments: Mapping[str, str]) -> str:
    """Return the C++ descriptor of an oneDNN primitive."""
    numbers = [value if value.isidentifier() else _plain(value) for value in arguments.values()]
    algorithm = f"dnnl::algorithm::{entry.signature.path}"
    listed = ", ".join(["engine", "dnnl::prop_kind::forward", algorithm, "source", "destination", *numbers])
    return f"dnnl::eltwise_forward::primitive_desc({listed})"


def _plain(value: str) -> str:
    if value in INFINITIES:
        return "-INFINITY" if INFINITIES[value] < 0 else "INFINITY"
    numerator, _, denominator = value.partition("/")
    return f"{float(numerator) / float(denominator or 1)!r}f"


def recipe(entry: Entry, parameters: Mapping[str, Any], source: str | None) -> str | None:
    """Return the expression of a recipe for these parameters, or None if it holds for others.

    Examples
    --------
    >>> from actfn import catalogue
    >>> swish = catalogue.find("swish")
    >>> last = swish.names["torch"][-1]
    >>> recipe(Entry("torch", swish, last), {"beta": -2.0}, "h[0]")
    'h[0] * torch.sigmoid(-2.0 * h[0])'
    """
    tree = ast.parse(entry.spelling.call, mode="eval")
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if any(value != parameters.get(name, value) for name, value in entry.fixed.items() if name not in named):
        return None
    values = {
        name: ast.parse(literal(value), mode="eval").body for name, value in parameters.items() if value is not None
    }
    return written(_Filled({**values, "x": ast.parse(source or "x", mode="eval").body}).visit(tree))


class _Filled(ast.NodeTransformer):
    """Put expressions in the place of names."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def own(
    declaration: Declaration, parameters: Mapping[str, Any], source: str | None, framework: str, layer: bool
) -> str:
    """Return the call of actfn itself, for the arrays of a framework and as its layer where there is one.

    Examples
    --------
    >>> from actfn import catalogue
    >>> own(catalogue.find("swish"), {"beta": 2.0}, None, "onnx", layer=True)
    'actfn.swish(x, beta=2.0)'
    >>> own(catalogue.find("swish"), {"beta": 2.0}, None, "torch", layer=True)
    'actfn.torch.Swish(beta=2.0)'
    """
    defaults = Entry(ACTFN, declaration, own_spelling(declaration)).signature.arguments
    changed = {name: value for name, value in parameters.items() if value is None or value != defaults[name]}
    listed = [f"{name}={name if value is None else literal(value)}" for name, value in changed.items()]
    place = OWN_PLACES.get(framework, ACTFN)
    if parameters.get("axis") == "all":
        return f"{place}.{declaration.name}({source or 'x'}.ravel()).reshape({source or 'x'}.shape)"
    if layer and framework in OWN_PLACES:
        made = f"{place}.{_class_name(declaration)}({', '.join(listed)})"
        return made if source is None else f"{made}({source})"
    return f"{place}.{declaration.name}({', '.join([source or 'x', *listed])})"


def _class_name(declaration: Declaration) -> str:
    """Return the name of a function's layer: PyTorch's own, or the function's words with capitals."""
    layers = (
        Entry("torch", declaration, one).signature for one in declaration.names.get("torch", ()) if not one.recipe
    )
    own = (layer.parts[-1] for layer in layers if layer.layer and declaration.name != "swish")
    return next(own, "".join(word.capitalize() for word in declaration.name.split("_")))
