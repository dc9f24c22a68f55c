"""Put the loops of all declarations and the table of them into one C++ header."""

from __future__ import annotations

from collections.abc import Sequence

from actfn.emit.cpp import Ufunc, compact_loop, defaults, gates, loop, tuned_loop, ufuncs
from actfn.functions.declare import Declaration

# The loop for parameters that are numbers, and that for arrays of them.
Pair = tuple[str, str]


def entry(ufunc: Ufunc, declaration: Declaration) -> str:
    """Return the row of the table for one ufunc of a hot function."""
    wide = [_braced(_loops(ufunc, precision, "double")) for precision in ("narrowing", "precise")]
    return _row(ufunc, [_of_float32(ufunc, declaration), *wide])


def compact_entry(ufunc: Ufunc, declaration: Declaration) -> str:
    """Return the row of the table for one ufunc of a compact function."""

    def composed(precision: str) -> str:
        loops = [f"compact_loops::{declaration.name}_{kernel}<{precision}>" for kernel in ufunc.kernels]
        if len(loops) == 2:
            return f"compact::both<{', '.join(loops)}>"
        return f"compact::times_g<{loops[0]}>" if "g" in ufunc.inputs else loops[0]

    first = _of_float32(ufunc, declaration) if has_loop_of_float32(ufunc, declaration) else "{}"
    return _row(ufunc, [first, *(f"{{nullptr, {composed(precision)}}}" for precision in ("narrowing", "precise"))])


def has_loop_of_float32(ufunc: Ufunc, declaration: Declaration) -> bool:
    """Tell whether a ufunc has loops of its own for float32: of compact functions some values and their products.

    Those by hand may round otherwise than the compact loops; then all of them have, as have those that are tiny.
    """
    if declaration.hot or not declaration.float32_loops:
        return declaration.hot
    tiny = declaration.single_rounding and ufunc.kernels in (("value",), ("first",), ("value", "first"))
    main = ufunc.name in (declaration.name, f"{declaration.name}_vjp")
    return main or tiny or bool(ufunc.piecewise) or any(ufunc.tuned)


def _of_float32(ufunc: Ufunc, declaration: Declaration) -> str:
    general = _loops(ufunc, "single" if declaration.single_rounding and not ufunc.parameters else "wide", "float")
    if declaration.single_rounding and ufunc.parameters:
        in_float = f"loops::{ufunc.name}<single, float, true>"
        return _braced((f"where_exact<{len(ufunc.parameters)}, {in_float}, {general[0]}>", general[1]))
    if not any(ufunc.tuned) and not ufunc.piecewise:
        return _braced(general)
    if ufunc.piecewise:
        return _by_pieces(ufunc, "loop", general)
    return _by_hand(ufunc, f"tuned_loops::{ufunc.name}", general)


def _by_pieces(ufunc: Ufunc, loop: str, general: Pair) -> str:
    """Return the loops by pieces, with the general ones for what no piece is for."""
    given = f"defaults::{ufunc.name}" if ufunc.parameters else "piecewise::no_parameters"
    inputs = f"{len(ufunc.inputs)}, " if loop == "loop" else ""
    return _by_hand(ufunc, f"piecewise::{loop}<{inputs}{given}, {general[0]}, {', '.join(ufunc.piecewise)}>", general)


def _by_hand(ufunc: Ufunc, by_hand: str, general: Pair) -> str:
    """Return the loops by hand for parameters at their defaults, and the general ones for others and without FMA."""
    chosen = f"{by_hand}, {by_hand}"
    if ufunc.parameters:
        counts = f"{len(ufunc.inputs)}, {len(ufunc.parameters)}, {len(ufunc.results)}"
        both = f"by_default<defaults::{ufunc.name}, {by_hand}, {general[0]}, {general[1]}, {counts}>"
        chosen = f"{both}::of_scalars, {both}::of_arrays"
    return f"ACTFN_TUNED(ACTFN_LIST({chosen}), ACTFN_LIST({general[0]}, {general[1]}))"


def gate_entry(ufunc: Ufunc) -> str:
    """Return the row of the table for one ufunc of a gated function."""
    general = _loops(ufunc, "wide", "float")
    work = "gated" if len(ufunc.results) == 1 else "gated_products"
    first = _by_pieces(ufunc, work, general) if ufunc.piecewise else _braced(general)
    # Defaults are for tables of 16-bit results.
    return _row(ufunc, [first, "{}", "{}"], "nullptr")


def _loops(ufunc: Ufunc, precision: str, element: str) -> Pair:
    arrays = "false" if ufunc.parameters else "true"
    name = f"loops::{ufunc.name}"
    return f"{name}<{precision}, {element}, true>", f"{name}<{precision}, {element}, {arrays}>"


def _braced(loops: Pair) -> str:
    return f"{{{loops[0]}, {loops[1]}}}"


def _row(ufunc: Ufunc, loops: Sequence[str], known: str = "") -> str:
    known = known or (f"defaults::{ufunc.name}::all" if ufunc.parameters else "nullptr")
    counts = f"{len(ufunc.inputs)}, {len(ufunc.parameters)}, {len(ufunc.results)}"
    return f'    {{"{ufunc.name}", {counts}, {known}, {", ".join(loops)}}},'


def _namespace(name: str, parts: Sequence[str]) -> list[str]:
    return [f"namespace {name} {{", "", "\n\n".join(parts), "", f"}}  // namespace {name}", ""]


def kernels_header(declarations: dict[str, Declaration]) -> str:
    """Return the generated header for all elementwise declarations."""
    loops: list[str] = []
    tuned: list[str] = []
    compact: list[str] = []
    classes: list[str] = []
    entries: list[str] = []
    gated: list[str] = []
    parameters = max(
        (len(d.parameters) for d in declarations.values() if d.kind in ("elementwise", "gated")), default=1
    )
    for declaration in declarations.values():
        if declaration.kind == "gated":
            for ufunc in gates(declaration):
                loops.append(loop(ufunc))
                if ufunc.piecewise and ufunc.parameters:
                    classes.append(defaults(ufunc))
                gated.append(gate_entry(ufunc))
        if declaration.kind != "elementwise":
            continue
        if not declaration.hot:
            compact += [compact_loop(declaration, kernel) for kernel in declaration.kernels]
        for ufunc in ufuncs(declaration):
            if ufunc.parameters:
                classes.append(defaults(ufunc))
            if has_loop_of_float32(ufunc, declaration):
                loops.append(loop(ufunc))
                if any(ufunc.tuned):
                    tuned.append(tuned_loop(ufunc))
            entries.append((entry if declaration.hot else compact_entry)(ufunc, declaration))
    return "\n".join(
        [
            "// Generated from the declarations in actfn/functions by actfn/emit.",
            "#pragma once",
            "",
            '#include "compact.hpp"',
            '#include "piecewise_loops.hpp"',
            '#include "table.hpp"',
            '#include "tuned.hpp"',
            '#include "vocabulary.hpp"',
            "",
            "namespace {",
            "constexpr std::ptrdiff_t stretch = 16;",
            f"constexpr int most_parameters = {parameters};",
            *_namespace("loops", loops),
            *_namespace("compact_loops", compact),
            "#ifdef ACTFN_FMA",
            *_namespace("tuned_loops", tuned),
            "#endif",
            "",
            *_namespace("defaults", classes),
            "const actfn::Entry entries[] = {",
            *entries,
            "};",
            "",
            "const actfn::Entry gates[] = {",
            *gated,
            "};",
            "",
            "}  // namespace",
            "",
        ]
    )
