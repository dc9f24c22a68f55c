"""Time actfn.jax beside JAX's own functions: value and gradient, both compiled by jax.jit, in turns in one process.

    python benchmarks/frameworks_jax.py [--sizes 1000,100000] [--functions mish,gelu] [--dtype float32] [--ways] [--json FILE] [--page FILE]

Prints, for each function and size, the microseconds of both and their quotient. --ways adds two other ways to the same numbers: the
kernels as XLA's own operations, and the compiled ufuncs by jax.pure_callback. --page writes the table into a document.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from page import fill
from timing import least_times

import actfn
import actfn.jax as A
from actfn.frameworks.installed import own_functions
from actfn.libraries import rows, run
from actfn.libraries.find import Library

Function = Callable[[Any], Any]
# Those whose results have the shape of the input; noise would cost what its generator does.
PEERS: dict[str, Function] = {
    name: own
    for name, own in own_functions("jax").items()
    if actfn.get(name).kind in ("elementwise", "simplex") and not actfn.get(name)._declaration.reduces
}
JAX = Library("jax", jnp)
ROW = 100


def step(function: Function) -> Function:
    """Return value and gradient of a function as one compiled program."""

    def both(x: Any, g: Any) -> Any:
        y, back = jax.vjp(function, x)
        return y, back(g)[0]

    return jax.jit(both)


def in_xla(activation: Any) -> Function:
    """Return value and gradient of an activation as XLA's own operations."""
    name, declaration = activation.name, activation._declaration
    if activation.kind == "simplex":
        return jax.jit(lambda x, g: (rows.evaluate(JAX, name, x, -1), rows.evaluate(JAX, name, x, -1, g)))
    given = [parameter.default for parameter in activation.parameters.values()]
    value = partial(run.evaluate, JAX, declaration, ("value",))
    first = partial(run.evaluate, JAX, declaration, ("first",))
    return jax.jit(lambda x, g: (value(x, given)[0], first(x, given, g)[0]))


def called_back(activation: Any) -> Function:
    """Return value and gradient of an activation by jax.pure_callback."""

    def both(x: Any, g: Any) -> Any:
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return (
            jax.pure_callback(lambda x: activation(np.asarray(x)), shape, x),
            jax.pure_callback(lambda x, g: activation.vjp(np.asarray(x), np.asarray(g)), shape, x, g),
        )

    return jax.jit(both)


def write(page: Path, columns: list[str], measured: list[dict[str, Any]]) -> None:
    """Write the figures into a document."""
    lines = [
        [row["function"], f"{row['n']:,}", *(f"{row[c]:,.0f}" for c in columns), f"{row['actfn'] / row['JAX']:.2f}"]
        for row in measured
    ]
    machine = f"{len(os.sched_getaffinity(0))} CPU of {platform.processor() or platform.machine()}"
    fill(page, "speed", ["", "n", *columns, "actfn / JAX"], lines, f"JAX {jax.__version__} on {machine}.")


def main() -> None:
    """Time what the command line names, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--functions", default=",".join(PEERS))
    parser.add_argument("--dtype", default="float32", choices=["float16", "bfloat16", "float32", "float64"])
    parser.add_argument("--seconds", type=float, default=0.3, help="for each line")
    parser.add_argument("--ways", action="store_true", help="also XLA's own operations and jax.pure_callback")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--page", type=Path, help="also fill the table of speed in this document")
    given = parser.parse_args()
    names = given.functions.split(",")
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        parser.error(f"there is no benchmark of {unknown[0]!r}; there is one of {', '.join(PEERS)}")
    if given.json is not None and given.json.exists():
        parser.error(f"{given.json} exists already")
    jax.config.update("jax_enable_x64", given.dtype == "float64")
    columns = ["JAX", "actfn", *(["XLA", "callback"] if given.ways else [])]
    print(f"{'function':14}{'n':>9}" + "".join(f"{column + ' us':>13}" for column in columns) + f"{'actfn/JAX':>11}")
    measured: list[dict[str, Any]] = []
    for name in names:
        activation = actfn.get(name)
        steps = {"JAX": step(PEERS[name]), "actfn": step(getattr(A, name))}
        if given.ways:
            steps |= {"XLA": in_xla(activation), "callback": called_back(activation)}
        for size in map(int, given.sizes.split(",")):
            rng = np.random.default_rng(0)
            x, g = (jnp.asarray(rng.normal(0, 2, (size // ROW, ROW)), given.dtype) for _ in range(2))
            calls = {key: lambda f=f, x=x, g=g: jax.block_until_ready(f(x, g)) for key, f in steps.items()}
            times = {key: 1e6 * t for key, t in least_times(calls, given.seconds).items()}
            measured.append({"function": name, "n": x.size, **times})
            shown = "".join(f"{times[column]:13.1f}" for column in columns)
            print(f"{name:14}{x.size:9}{shown}{times['actfn'] / times['JAX']:11.2f}", flush=True)
    if given.page is not None:
        write(given.page, columns, measured)
    if given.json is not None:
        found = {"jax": jax.__version__, "dtype": given.dtype, "rows": measured}
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
