"""What is refused, by every kind of function alike: one sentence that begins with the function's name and is not NumPy's."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import actfn

# A function of each kind, and one that is not compiled, with what must be given.
KINDS: dict[str, dict[str, Any]] = {
    "swish": {},
    "softmax": {},
    "logsumexp": {},
    "budget": {"budget": 1.0},
    "maxout": {"group_size": 2},
    "swiglu": {},
    "crelu": {},
    "bipolar_relu": {},
    "apl": {"a": [0.5], "b": [0.0]},
    "rrelu": {},
    "probact": {"sigma": 0.5},
    "gumbel_softmax": {},
    "dice": {"mean": 0.0, "variance": 1.0},
}
WITHOUT_AXIS = {"swish", "apl", "rrelu", "probact"}
WITHOUT_OUT = {"gumbel_softmax", "dice"}
RAGGED = [[1.0], [1.0, 2.0]]


def x() -> Any:
    return np.random.default_rng(0).normal(size=(2, 4))


def refuses(name: str, kinds: tuple[type[Exception], ...], words: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kinds, match=words) as caught:
        call()
    said = str(caught.value)
    assert said.startswith(name) and "\n" not in said
    assert not any(internal in said for internal in ("operand", "gufunc", "loop", "casting rule", "inhomogeneous"))


@pytest.mark.parametrize("name", KINDS)
def test_inputs_that_are_no_arrays_of_numbers(name: str) -> None:
    function, given = actfn.get(name), KINDS[name]
    for wrong in (np.array(["a", "b"]), x() + 0j, x().astype(object), x().astype(np.longdouble)):
        refuses(
            name, (TypeError,), f"not defined for dtype {wrong.dtype}", lambda wrong=wrong: function(wrong, **given)
        )
    refuses(name, (TypeError, ValueError), "None|object", lambda: function(None, **given))
    words = r"the rows of a list must have one length, got \[\[1.0\], \[1.0, 2.0\]\]"
    refuses(name, (ValueError,), words, lambda: function(RAGGED, **given))
    refuses(name, (ValueError,), words, lambda: function.vjp(RAGGED, 1.0, **given))
    refuses(name, (ValueError,), words, lambda: function.vjp(x(), RAGGED, **given))


@pytest.mark.parametrize("name", KINDS)
def test_cotangents_and_axes_that_do_not_fit(name: str) -> None:
    function, given = actfn.get(name), KINDS[name]
    for wrong in ("a", x() + 0j, None):
        refuses(name, (TypeError,), "not defined for dtype", lambda wrong=wrong: function.vjp(x(), wrong, **given))
    if name not in ("softmax", "logsumexp"):
        refuses(name, (ValueError,), r"\(3, 3\)", lambda: function.vjp(x(), np.ones((3, 3)), **given))
    if name not in WITHOUT_AXIS:
        for axis in (2, 1.5, True, None, (0, 1), "a"):
            refuses(name, (ValueError,), "axis", lambda axis=axis: function(x(), axis=axis, **given))


@pytest.mark.parametrize("name", sorted(KINDS.keys() - WITHOUT_OUT))
def test_outputs_that_do_not_fit(name: str) -> None:
    function, given = actfn.get(name), KINDS[name]
    y = np.asarray(function(x(), **given))
    read_only = y.copy()
    read_only.setflags(write=False)
    for words, out in (
        (r"got shape \(5, 5\)", np.empty((5, 5))),
        ("dtype int64", np.empty(y.shape, np.int64)),
        (r"got \[0\]", [0]),
        ("read-only", read_only),
    ):
        refuses(
            name,
            (ValueError,),
            f"out must be an array of floats.*{words}",
            lambda out=out: function(x(), out=out, **given),
        )


@pytest.mark.parametrize("name", KINDS)
def test_parameters_of_another_type(name: str) -> None:
    function, given = actfn.get(name), KINDS[name]
    for parameter in function.parameters:
        for wrong in (None, True, 1j, object(), RAGGED, np.ones((2, 1)) * np.nan):
            settings = {**given, parameter: wrong}
            refuses(
                name,
                (TypeError, ValueError),
                f"{parameter}|one length",
                lambda settings=settings: function(x(), **settings),
            )


@pytest.mark.parametrize("name", KINDS)
def test_any_order_of_bytes_gives_the_machines(name: str) -> None:
    function, given = actfn.get(name), KINDS[name]
    native = x().astype(np.float32)
    swapped = native.astype(native.dtype.newbyteorder())
    y = function(swapped, **given)
    assert y.dtype.isnative and np.array_equal(y, function(native, **given))
    back = function.vjp(swapped, 1.0, **given)
    for got, wanted in zip(np.atleast_1d(back), np.atleast_1d(function.vjp(native, 1.0, **given)), strict=True):
        assert got.dtype.isnative and np.array_equal(got, wanted)


@pytest.mark.parametrize("name", KINDS)
def test_a_copy_shows_itself_as_the_same(name: str) -> None:
    function = actfn.get(name)
    assert repr(pickle.loads(pickle.dumps(function))) == repr(function) == f"actfn.{name}"


def test_the_statistics_of_nothing_do_not_warn() -> None:
    nothing = np.zeros((0, 3))
    assert actfn.dice(nothing, training=True).shape == actfn.dice.vjp(nothing, 1.0, training=True).shape == (0, 3)
    assert np.isnan(actfn.dice.statistics(nothing)).all()
    refuses(
        "dice",
        (ValueError,),
        r"variance must be in \[0, inf\), got -1.0",
        lambda: actfn.dice(x(), mean=0, variance=-1.0),
    )
