"""Layers of Keras by the kind of function: what is learnt, drawn, or follows the data, and what changes the shape."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import keras
from keras import constraints, initializers, layers, ops, random, regularizers

from actfn.activation import Activation, get
from actfn.frontends.keras_functions import PACKAGE, run
from actfn.frontends.names import class_name

KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class Base(layers.Layer):  # type: ignore[misc]
    """A layer that is a function with its parameters.

    Parameters
    ----------
    **options
        The function's parameters where they are not learnt, its ``axis`` if it has one, and what any layer takes.
    """

    function: ClassVar[Activation]
    # What the layer takes beside the function's parameters, with its default.
    taken: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        own = {name: options.pop(name, default) for name, default in self.taken.items()}
        given = {name: options.pop(name) for name in self.function.parameters if name in options}
        super().__init__(**options)
        self.supports_masking = True
        self.own, self.given = own, given
        self.starts = self.function.with_parameters(**given).parameters
        missing = [p for p in self.starts.values() if p.default is None and p.name not in self.learnt()]
        if missing:
            raise TypeError(
                f"{type(self).__name__} needs {missing[0].name}, for example {missing[0].name}={missing[0].example}"
            )

    def learnt(self) -> tuple[str, ...]:
        """Return the names of the parameters that are weights."""
        return ()

    def fixed(self) -> dict[str, Any]:
        """Return the parameters that are no weights."""
        return {name: p.default for name, p in self.starts.items() if name not in self.learnt()}

    def weights_by_name(self) -> dict[str, Any]:
        """Return the weights as tensors."""
        return {name: ops.convert_to_tensor(getattr(self, name)) for name in self.learnt()}

    def start(self, name: str) -> Any:
        """Return where a weight starts: at the parameter's default, or, where it must be given, at its example."""
        parameter = self.starts[name]
        return parameter.example if parameter.default is None else parameter.default

    def channels(self, input_shape: Any, axis: Any) -> tuple[int, ...]:
        """Return the shape of one number for each channel of an axis, or no axes for none."""
        if axis is None:
            return ()
        rank, name = len(input_shape), type(self).__name__
        if not isinstance(axis, int) or axis % rank == 0 or not -rank < axis < rank:
            raise ValueError(f"{name}: channel_axis must be an axis behind the batch's, of {rank} axes; got {axis!r}")
        if input_shape[axis] is None:
            raise ValueError(f"{name}: the length of axis {axis} must be known, got the shape {input_shape}")
        return (input_shape[axis], *(1,) * (rank - 1 - axis % rank))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of again."""
        serialized = {
            name: KINDS[kind].serialize(value) if (kind := name.rpartition("_")[2]) in KINDS else value
            for name, value in self.own.items()
        }
        return {**super().get_config(), **self.given, **serialized}


class Learnable(Base):
    """A function of each element whose parameters are learnt.

    Parameters
    ----------
    channel_axis : int, optional
        The axis each of whose channels has its own parameters; one of each for all by default.
    **options
        Where each parameter starts, by its name; an ``_initializer``, ``_regularizer`` and ``_constraint`` behind the name are as
        for the weights of any layer.
    """

    def __init__(self, channel_axis: int | None = None, **options: Any) -> None:
        super().__init__(channel_axis=channel_axis, **options)
        for name, value in self.own.items():
            kind = name.rpartition("_")[2]
            if kind in KINDS:
                self.own[name] = KINDS[kind].get(value)

    def learnt(self) -> tuple[str, ...]:
        """Return the names of the parameters, all of which are weights."""
        return tuple(self.function.parameters)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        shape = self.channels(input_shape, self.own["channel_axis"])
        for name in self.learnt():
            given = {kind: self.own[f"{name}_{kind}"] for kind in KINDS}
            given["initializer"] = given["initializer"] or initializers.Constant(float(self.start(name)))
            setattr(self, name, self.add_weight(shape=shape, name=name, **given))

    def call(self, inputs: Any) -> Any:
        """Return the value at each element."""
        return run(self.function, inputs, self.weights_by_name())


class Expansion(Base):
    """A sum over coefficients that are learnt.

    Parameters
    ----------
    channel_axis : int, optional
        The axis each of whose channels has its own coefficients.
    **options
        Where each array of coefficients starts, a list with one number for each term; an example by default.
    """

    taken: ClassVar[dict[str, Any]] = {"channel_axis": None}

    def learnt(self) -> tuple[str, ...]:
        """Return the names of the arrays of coefficients."""
        return tuple(self.function.parameters)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        shape = self.channels(input_shape, self.own["channel_axis"])
        for name in self.learnt():
            start = [float(one) for one in self.start(name)]
            initializer = initializers.Constant(start)
            setattr(self, name, self.add_weight(shape=(*shape, len(start)), name=name, initializer=initializer))

    def call(self, inputs: Any) -> Any:
        """Return the value at each element."""
        return run(self.function, inputs, self.weights_by_name())

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made of again."""
        return {**super().get_config(), **{name: [float(one) for one in start] for name, start in self.given.items()}}


class Stochastic(Base):
    """A function with noise in training, and without in evaluation; what the noise is multiplied with is learnt.

    Parameters
    ----------
    seed : int, optional
        Of the noise.
    **options
        The function's parameters.
    """

    taken: ClassVar[dict[str, Any]] = {"seed": None}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.generator = random.SeedGenerator(self.own["seed"])

    def learnt(self) -> tuple[str, ...]:
        """Return the names of the parameters that the noise is multiplied with."""
        part = self.function._declaration.parts.get("function")
        return () if part is None else tuple(name for name in self.function.parameters if name in part.parameters)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        for name in self.learnt():
            start = initializers.Constant(float(self.start(name)))
            setattr(self, name, self.add_weight(shape=(), name=name, initializer=start))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the value, in training with noise."""
        values = {**self.fixed(), **self.weights_by_name()}
        values.update({name: self.own[name] for name in ("axis", "hard") if name in self.own})
        if training:
            values["sample"] = self.noise(inputs)
        return run(self.function, inputs, {**values, "training": bool(training)})

    def noise(self, inputs: Any) -> Any:
        """Return noise of the shape of the input."""
        members, shape = self.function._declaration.members, ops.shape(inputs)
        known = {"dtype": self.compute_dtype, "seed": self.generator}
        if members["noise"] == "uniform":
            bounds = members["bounds"](**self.fixed())
            return random.uniform(shape, bounds["low"], bounds["high"], **known)
        if members["noise"] == "normal":
            return random.normal(shape, **known)
        # Gumbel's, from numbers above 0.
        return -ops.log(-ops.log(random.uniform(shape, keras.config.epsilon(), 1.0, **known)))


class Batchwise(Base):
    """A function of the statistics of each channel: those of the batch in training, moving ones in evaluation.

    Parameters
    ----------
    axis : int
        The axis of the channels.
    momentum : float
        The share that the moving mean and variance keep of themselves.
    **options
        Where the learnt parameter starts, and what is added to the variance.
    """

    taken: ClassVar[dict[str, Any]] = {"axis": -1, "momentum": 0.9}

    def learnt(self) -> tuple[str, ...]:
        """Return the names of the weights."""
        return ("alpha",)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        shape = self.channels(input_shape, self.own["axis"])[:1]
        self.alpha = self.add_weight(
            shape=shape, name="alpha", initializer=initializers.Constant(float(self.start("alpha")))
        )
        self.moving_mean = self.add_weight(shape=shape, name="moving_mean", initializer="zeros", trainable=False)
        self.moving_variance = self.add_weight(shape=shape, name="moving_variance", initializer="ones", trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the value; in training the moving statistics follow those of the input."""
        values = {**self.fixed(), **self.weights_by_name(), "axis": self.own["axis"]}
        if training:
            axis, share = self.own["axis"] % len(inputs.shape), self.own["momentum"]
            others = [place for place in range(len(inputs.shape)) if place != axis]
            for moving, found in zip((self.moving_mean, self.moving_variance), ops.moments(inputs, others)):
                moving.assign(share * moving + (1 - share) * ops.cast(found, moving.dtype))
            return run(self.function, inputs, {**values, "training": True})
        known = {"mean": self.moving_mean, "variance": self.moving_variance}
        return run(
            self.function,
            inputs,
            {**values, **{name: ops.convert_to_tensor(weight) for name, weight in known.items()}},
        )


class Along(Base):
    """A function along an axis that changes its length.

    Parameters
    ----------
    axis : int
        The axis of the rows, of the channels, or of gate and up.
    **options
        The function's parameters.
    """

    taken: ClassVar[dict[str, Any]] = {"axis": -1}

    def call(self, inputs: Any) -> Any:
        """Return the value."""
        return run(self.function, inputs, {**self.fixed(), "axis": self.own["axis"]})

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the result."""
        shape, axis = list(input_shape), self.own["axis"] % len(input_shape)
        if self.function._declaration.reduces:
            del shape[axis]
        elif shape[axis] is not None:
            both = self.function.kind == "channelwise" and not self.function._alternates  # type: ignore[attr-defined]
            shape[axis] = 2 * shape[axis] if both else shape[axis] // (2 if self.function.kind == "gated" else 1)
        return tuple(shape)


BASES: dict[str, type[Base]] = {
    "expansion": Expansion,
    "stochastic": Stochastic,
    "batchwise": Batchwise,
    "gated": Along,
    "channelwise": Along,
    "simplex": Along,
}


def base_of(activation: Activation) -> type[Base] | None:
    """Return the class whose layers are made for a function, or None where an activation of another layer is enough."""
    if activation.kind == "elementwise":
        return Learnable if "learnable" in activation.tags else None
    if activation.kind == "simplex" and not activation._declaration.reduces:
        return None
    return BASES.get(activation.kind)


@cache
def layer_of(name: str) -> type[Base]:
    """Return the class of the layers of a function."""
    activation = get(name)
    base = base_of(activation)
    if base is None:
        raise ValueError(f"{name} needs no layer of its own: use activation={PACKAGE}>{name}")
    taken = dict(base.taken)
    if base is Learnable:
        taken = {"channel_axis": None, **{f"{p}_{kind}": None for p in activation.parameters for kind in KINDS}}
    if base is Stochastic and activation._declaration.along_axis:
        taken = {**taken, "axis": -1, "hard": False}
    members = {"function": activation, "taken": taken, "__module__": "actfn.keras", "__doc__": base.__doc__}
    made: type[Base] = type(class_name(name), (base,), members)
    keras.saving.register_keras_serializable(package=PACKAGE)(made)
    return made
