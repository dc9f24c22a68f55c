"""Where libraries disagree: nothing that was collected is left out, and each entry is whole."""

from __future__ import annotations

import re

import pytest

from actfn import catalogue
from actfn.cli import main
from actfn.frameworks.disagreements import Disagreement, disagreements, every

KEYS = {found.key for found in every()}

# The places that were collected, numbered as in the collection, and the entries that tell of each.
COLLECTED: dict[str, tuple[str, ...]] = {
    "1": ("gelu_default",),
    "2": ("fast_gelu",),
    "3": ("quick_gelu_error",),
    "4": ("swish_beta",),
    "5": ("hard_swish_paper",),
    "6": ("hard_sigmoid_slope",),
    "7": ("short_names",),
    "8": ("telu",),
    "9": ("same_under_other_names",),
    "11": ("exponential_sign",),
    "12": ("laplace_is_normal",),
    "13": ("tlu_and_softclip",),
    "14": ("sinc_normalised",),
    "15": ("softmax_spellings",),
    "16": ("leaky_slope",),
    "17": ("prelu_start",),
    "18": ("slope_conventions",),
    "19": ("softplus_threshold",),
    "20": ("softmax_axis",),
    "21": ("selu_constants",),
    "22": ("shrink_arguments",),
    "23": ("squareplus_width",),
    "24": ("snake_frequency",),
    "25": ("celu_is_not_elu",),
    "26": ("keras_relu_order",),
    "27": ("gumbel_eps",),
    "28": ("glu_order",),
    "29": ("maxout_grouping",),
    "30": ("entmax_defaults",),
    "31": ("relu_by_hand",),
    "32": ("leaky_at_zero",),
    "33": ("clip_at_bounds",),
    "34": ("abs_at_zero",),
    "35": ("elu_family_at_zero",),
    "36": ("hard_swish_at_corners",),
    "37": ("sparse_sigmoid_at_corners",),
    "38": ("slope_at_nan",),
    "39": ("keras_max_value",),
    "39a": ("tinygrad_differences",),
    "40": ("nan_at_infinity",),
    "41": ("gelu_at_infinity",),
    "42": ("gelu_left_tail",),
    "43": ("tinygrad_infinity",),
    "44": ("infinite_rows",),
    "45": ("nan_swallowed",),
    "46": ("elu_cancellation",),
    "47": ("signed_zero",),
    "48": ("roots_of_zero",),
    "49": ("max_of_two_lines",),
    "50": ("naive_sigmoid",),
    "51": ("echo_faults",),
    "52": ("hard_swish_paper", "sinc_normalised"),
    "54": ("survey_misprints",),
    "55": ("squareplus_credit",),
    "56": ("elish_documents",),
    "58": ("gated_relu_names",),
    "59": ("wrong_papers",),
}
# Those that concern no function here.
WITHOUT_A_PAGE = {
    "10": "Squish: neither function of the name is one of any framework's",
    "53": "faults of an unpublished file, in functions that no framework has; eis is judged by its paper",
    "57": "Safe PAU: no framework has it",
}


def test_every_collected_place_is_told_or_left_out_with_a_reason() -> None:
    assert {*COLLECTED, *WITHOUT_A_PAGE} == {*map(str, range(1, 60)), "39a"}
    assert not COLLECTED.keys() & WITHOUT_A_PAGE.keys() and all(WITHOUT_A_PAGE.values())
    assert {key for keys in COLLECTED.values() for key in keys} == KEYS


@pytest.mark.parametrize("found", every(), ids=lambda found: found.key)
def test_an_entry_is_whole(found: Disagreement) -> None:
    known = {declaration.name for declaration in catalogue.declarations()}
    assert found.functions and set(found.functions) <= known
    assert len(set(found.functions)) == len(found.functions)
    assert found.tried or found.read
    for source in found.read:
        assert re.search(r"\d|documents", source), source
    assert re.search("[\u4e00-\u9fff]", found.text["zh"]) and not re.search("[\u4e00-\u9fff]", found.text["en"])
    for code in re.findall("`[^`]+`", found.text["en"]):
        assert code in found.text["zh"], code
    numbers = [set(re.findall(r"(?<![\w.:])\d+\.\d+(?![\w.]*[:.]\d)", found.text[key])) for key in ("en", "zh")]
    assert numbers[0] == numbers[1]


def test_they_are_found_by_function_and_shown() -> None:
    assert {found.key for found in disagreements("absolute")} == {"abs_at_zero"}
    assert disagreements("bent_identity") == ()


def test_the_command_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "absolute", "--lang", "zh"]) == 0
    shown = capsys.readouterr().out
    assert "各库的分歧" in shown and "0 处的导数在 JAX 中为 1" in shown
    assert main(["show", "bent_identity"]) == 0
    assert "Where libraries disagree" not in capsys.readouterr().out
