"""Curves, plots and the plots in the terminal."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import actfn
from actfn import axes as on_axes
from actfn import catalogue, fonts
from actfn.curves import Jump, sample
from actfn.plot import COLOURS, DASHES, plot, plot_family, plot_grid, plot_many, save
from actfn.terminal import draw, plain_mathematics

NAMES = catalogue.common_names()
ELEMENTWISE = [name for name in NAMES if actfn.get(name).kind == "elementwise"]
SMOOTH = ["identity", "sigmoid", "tanh", "softplus", "swish", "silu", "mish", "gelu", "gelu_tanh"]


@pytest.mark.parametrize("name", [name for name in actfn.names() if name not in NAMES])
def test_a_rare_function_is_drawn_too(name: str) -> None:
    curve = sample(actfn.get(name))
    assert np.isfinite(curve.y).any()
    assert np.all(np.diff(curve.x) >= 0)


@pytest.mark.parametrize("name", NAMES)
def test_the_value_is_drawn_without_a_gap(name: str) -> None:
    curve = sample(actfn.get(name))
    assert np.isfinite(curve.y).all()
    assert curve.jumps == ()
    assert np.all(np.diff(curve.x) >= 0)
    assert (curve.x[0], curve.x[-1]) == (-6, 6)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_samples_are_the_function(name: str) -> None:
    parameters = {"alpha": 0.25} if name == "prelu" else {}
    curve = sample(actfn.get(name), low=-3.3, high=2.2)
    np.testing.assert_allclose(curve.y[1:-1], actfn.get(name)(curve.x[1:-1], **parameters), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "parameters", "levels"),
    [
        ("relu", {}, [0, 1]),
        ("leaky_relu", {}, [0.01, 1]),
        ("leaky_relu", {"negative_slope": 0.99}, [0.99, 1]),
        ("prelu", {}, [0.25, 1]),
        ("prelu", {"alpha": 0.75}, [0.75, 1]),
        ("hard_sigmoid", {}, [0, 1 / 6]),
        ("hard_sigmoid", {"slope": 0.2}, [0, 0.2]),
        ("maxout", {}, [-0.5, 1]),
    ],
)
def test_no_sample_lies_between_the_one_sided_slopes(
    name: str, parameters: dict[str, float], levels: list[float]
) -> None:
    curve = sample(actfn.get(name), 1, **parameters)
    drawn = curve.y[np.isfinite(curve.y)]
    distance = np.abs(drawn[:, np.newaxis] - np.array(levels)).min(axis=1)
    assert distance.max() <= 1e-15
    assert set(np.round(drawn, 12)) == set(np.round(levels, 12))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_declared_kink_interrupts_the_derivative(name: str) -> None:
    function = actfn.get(name)
    if name == "prelu":
        function = function.with_parameters(alpha=0.25)
    curve = sample(function, 1)
    assert curve.jumps == tuple(Jump(kink.x, kink.left, kink.right, kink.chosen) for kink in function.kinks)
    for kink in function.kinks:
        at = np.flatnonzero(curve.x == kink.x)
        assert np.isnan(curve.y[at]).sum() == 1
        np.testing.assert_array_equal(curve.y[at][[0, -1]], [kink.left, kink.right])


def test_a_jump_of_the_second_derivative_is_found_though_no_kink_is_declared() -> None:
    assert actfn.elu.kinks == ()
    (jump,) = sample(actfn.elu, 2).jumps
    assert (jump.x, jump.chosen) == (0, actfn.elu.derivative(0.0, order=2))
    np.testing.assert_allclose([jump.left, jump.right], [1, 0], rtol=0, atol=1e-7)


def test_the_second_derivative_of_softsign_jumps_from_2_to_minus_2() -> None:
    (jump,) = sample(actfn.softsign, 2).jumps
    assert (jump.x, jump.chosen) == (0, actfn.softsign.derivative(0.0, order=2))
    np.testing.assert_allclose([jump.left, jump.right], [2, -2], rtol=0, atol=1e-6)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_function_never_jumps(name: str, order: int) -> None:
    assert sample(actfn.get(name), order).jumps == ()


def test_a_steep_function_is_not_a_jump() -> None:
    assert sample(actfn.swish, 1, beta=300.0).jumps == ()


def test_a_kink_at_the_end_of_the_range_shows_the_side_inside() -> None:
    assert set(sample(actfn.relu, 1, 0.0, 2.0).y) == {1.0}
    assert set(sample(actfn.relu, 1, -2.0, 0.0).y) == {0.0}


def test_softmax_is_drawn_as_the_first_component_of_the_row_x_0() -> None:
    value, slope = sample(actfn.softmax), sample(actfn.softmax, 1)
    np.testing.assert_allclose(value.y, actfn.sigmoid(value.x), rtol=1e-7)
    np.testing.assert_allclose(slope.y, actfn.sigmoid.derivative(slope.x), rtol=1e-7)
    assert value.subject == "softmax of the row (x, 0), first component"


def test_maxout_is_drawn_as_the_group_x_and_minus_half_x() -> None:
    curve = sample(actfn.maxout)
    np.testing.assert_allclose(curve.y, np.maximum(curve.x, -curve.x / 2), rtol=0, atol=1e-8)
    (jump,) = sample(actfn.maxout, 1).jumps
    assert (jump.x, jump.left, jump.right) == (0, -0.5, 1.0)
    assert curve.subject == "maxout of the group (x, −x/2)"


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (np.nan, 1), (0, np.inf), (-1.7e308, 1.7e308), (0, 1e-300)])
def test_a_range_that_is_none_is_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="range must"):
        sample(actfn.relu, 0, *limits)


@pytest.mark.parametrize("orders", [(), (3,), (-1,), (0, 0)])
def test_orders_that_do_not_exist_are_refused(orders: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="orders must be distinct"):
        plot(actfn.relu, orders=orders)


@pytest.mark.parametrize("name", ["softmax", "maxout"])
def test_rows_have_no_second_derivative_to_draw(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} has no second derivative"):
        plot(actfn.get(name), orders=(2,))


def test_a_parameter_that_is_an_array_is_no_curve() -> None:
    with pytest.raises(ValueError, match="one number for alpha"):
        plot(actfn.prelu, alpha=np.ones(3))


def test_the_axes_say_what_is_drawn() -> None:
    axes = plot(actfn.leaky_relu, orders=(0, 1, 2), low=-2, high=3, negative_slope=0.2)
    assert axes.get_title() == "leaky_relu(negative_slope=0.2)"
    assert axes.get_legend_handles_labels()[1] == ["leaky_relu(x)", "leaky_relu′(x)", "leaky_relu″(x)"]
    assert axes.get_xlim() == (-2, 3)
    assert axes.get_xlabel() == "x"


def test_the_method_of_the_activation_draws_the_same() -> None:
    ours, method = plot(actfn.elu, orders=(1, 2), alpha=2.0), actfn.elu.plot(orders=(1, 2), alpha=2.0)
    for one, other in zip(ours.get_lines(), method.get_lines(), strict=True):
        np.testing.assert_array_equal(one.get_xydata(), other.get_xydata())


def test_a_filled_dot_marks_the_value_at_a_jump_and_a_hollow_one_the_limit() -> None:
    dots = plot(actfn.relu, orders=(1,)).collections
    marked = {(tuple(map(float, dot.get_offsets()[0])), to_hex(dot.get_facecolor()[0]).upper()) for dot in dots}
    assert marked == {((0.0, 0.0), COLOURS[0]), ((0.0, 1.0), "#FFFFFF")}


def test_two_functions_share_the_axes_that_are_given() -> None:
    axes = Figure().add_subplot()
    assert plot(actfn.relu, axes, orders=(0,)) is axes
    plot(actfn.tanh, axes, orders=(0,))
    assert axes.get_legend_handles_labels()[1] == ["relu(x)", "tanh(x)"]
    handles = axes.get_legend_handles_labels()[0]
    assert handles[0].get_color() != handles[1].get_color()


def test_plot_many_has_a_panel_for_each_order_and_tells_all_functions_apart() -> None:
    figure = plot_many([actfn.get(name) for name in NAMES], orders=(0, 1))
    assert [axes.get_title() for axes in figure.axes] == ["f(x)", "f′(x)"]
    assert len(figure.legends[0].get_texts()) == len(NAMES)
    looks = {(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]) for i in range(35)}
    assert len(looks) == 35
    with pytest.raises(ValueError, match="no function"):
        plot_many([])


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_same_figure_gives_the_same_file(ending: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(plot(actfn.hard_sigmoid, orders=(0, 1, 2)).figure, tmp_path / f"{name}.{ending}")
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_files_are_what_their_names_say(tmp_path: Path) -> None:
    figure = plot(actfn.mish).figure
    save(figure, tmp_path / "mish.svg")
    save(figure, tmp_path / "mish.PNG")
    text = (tmp_path / "mish.svg").read_text(encoding="utf-8")
    assert "<svg" in text
    assert "dc:date" not in text
    pixels = np.asarray(Image.open(io.BytesIO((tmp_path / "mish.PNG").read_bytes())).convert("RGB"))
    drawn = {to_hex(pixel / 255).upper() for pixel in np.unique(pixels.reshape(-1, 3), axis=0)}
    assert {COLOURS[0], COLOURS[1]} <= drawn
    with pytest.raises(ValueError, match=r"\.png or \.svg"):
        save(figure, tmp_path / "mish.jpg")


def test_plotting_leaves_pyplot_alone() -> None:
    code = "import sys, actfn; actfn.relu.plot(); print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_terminal_shows_the_curve_and_its_range() -> None:
    lines = draw(sample(actfn.relu), width=24, height=4, unicode=False).plain.split("\n")
    assert len(lines) == 5
    assert lines[0].startswith(" 6 ") and lines[0].endswith("***")
    assert lines[3].startswith(" 0 ***")
    assert lines[4].split() == ["-6", "6"]
    assert max(map(len, lines)) == 24


def test_a_jump_is_not_joined_in_the_terminal() -> None:
    lines = draw(sample(actfn.relu, 1), width=40, height=9, unicode=False).plain.split("\n")
    assert [line.count("*") > 0 for line in lines[:9]] == [True] + [False] * 7 + [True]


def test_braille_dots_are_finer_than_characters() -> None:
    text = draw(sample(actfn.tanh), width=40, height=9).plain
    assert sum(0x2800 < ord(character) < 0x2900 for character in text) > 30


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"so $\tfrac12 x(1+\mathrm{erf}(x/\sqrt2))$ is", "so `1/2 x(1+erf(x/√2))` is"),
        (r"$\sqrt{2/\pi}\,x^{10}$", "`√(2/π) x^(10)`"),
        (r"$\frac{a}{b} \le \beta_{i}$", "`(a)/(b) ≤ β_i`"),
        ("costs 5 dollars", "costs 5 dollars"),
    ],
)
def test_mathematics_becomes_readable(latex: str, plain: str) -> None:
    assert plain_mathematics(latex) == plain


def test_a_jump_says_where_and_how_far() -> None:
    assert sample(actfn.relu, 1).jumps == (Jump(0.0, 0.0, 1.0, 0.0),)


def labels(axes: Axes) -> list[str]:
    return list(axes.get_legend_handles_labels()[1])


def spans(axes: Axes) -> list[tuple[float, float]]:
    """Return the stretches of x that are shaded from bottom to top."""
    whole = [patch for patch in axes.patches if patch.get_hatch() is None]
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in whole]


def test_saturation_is_shaded_where_the_slope_is_small() -> None:
    axes = plot(actfn.tanh, saturation=0.01)
    end = math.acosh(10)  # tanh' = 1 / cosh^2
    np.testing.assert_allclose(spans(axes), [(-6, -end), (end, 6)], rtol=1e-12)
    assert labels(axes) == ["tanh(x)", "tanh′(x)", "saturated: |f′(x)| < 0.01"]
    assert spans(plot(actfn.relu, saturation=0.5)) == [(-6, 0)]
    assert spans(plot(actfn.hard_sigmoid, saturation=0.1, slope=0.5)) == [(-6, -1), (1, 6)]
    assert spans(plot(actfn.prelu, saturation=0.2, alpha=0.1)) == [(-6, 0)]


def test_a_turn_is_no_saturation() -> None:
    assert abs(actfn.silu.derivative(-1.2784645)) < 1e-6
    ((low, high),) = spans(plot(actfn.silu, low=-10, saturation=0.01))
    assert low == -10 and float(actfn.silu.derivative(high)) == pytest.approx(-0.01, rel=1e-12)


def test_where_nothing_saturates_the_legend_says_so() -> None:
    axes = plot(actfn.softsign, saturation=0.01)
    assert spans(axes) == [] and labels(axes)[-1] == "nowhere saturated here: |f′(x)| ≥ 0.01"
    assert spans(plot(actfn.softsign, low=-12, high=12, saturation=0.01)) == [(-12, -9), (9, 12)]


@pytest.mark.parametrize("epsilon", [0, -1.0, math.inf, math.nan, True])
def test_a_threshold_that_is_none_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        plot(actfn.tanh, saturation=epsilon)


def test_the_faults_of_textbook_code_are_marked_and_named() -> None:
    axes = plot(actfn.softplus, orders=(0, 1), textbook="float32")
    strips = [(p.get_x(), p.get_x() + p.get_width(), p.get_hatch(), p.get_label()) for p in axes.patches]
    end = math.log(np.finfo(np.float32).max)
    lowest, highest = axes.get_xlim()
    assert lowest < -90 and highest > end
    assert [(hatch, label) for _, _, hatch, label in strips] == [
        (on_axes.HATCHES["zero"], "softplus(x): 0 instead of its value for −95.31 < x < −16.64"),
        (on_axes.HATCHES["cancellation"], strips[1][3]),
        (on_axes.HATCHES["overflow"], "softplus(x): infinite for x > 88.72"),
        (on_axes.HATCHES["nan"], "softplus′(x): NaN for x > 88.72"),
    ]
    assert strips[2][:2] == pytest.approx((end, highest), rel=1e-6) and "cancels" in strips[1][3]
    true, slope, code, code_slope = axes.get_lines()[:4]
    x, y = code.get_data()
    assert (
        np.isnan(np.asarray(y)[np.asarray(x) > end]).all() and np.isfinite(np.asarray(y)[np.asarray(x) < end - 1]).all()
    )
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(
            np.asarray(y)[np.asarray(x) < 80], np.log(1 + np.exp(np.asarray(x, np.float32)))[np.asarray(x) < 80]
        )
    assert np.isfinite(true.get_ydata()).all() and np.isfinite(slope.get_ydata()).all()
    assert np.asarray(code_slope.get_ydata())[-1] != np.asarray(slope.get_ydata())[-1]
    tops = {p.get_y() + p.get_height() for p in axes.patches}
    assert len(tops) == 2 and len(set(on_axes.HATCHES.values())) == len(on_axes.HATCHES)


def test_textbook_code_without_a_fault_is_said_to_have_none() -> None:
    axes = plot(actfn.relu, orders=(0,), textbook="float16")
    assert labels(axes) == ["relu(x)", "textbook relu(x) in float16: no fault here"]
    assert axes.get_xlim() == (-6, 6) and not axes.patches


def test_a_range_that_is_given_is_kept() -> None:
    axes = plot(actfn.gelu, orders=(0,), low=-8, high=1, textbook="float32")
    assert axes.get_xlim() == (-8, 1)
    assert any(label.startswith("gelu(x): 0 instead of its value for x < −5.5") for label in labels(axes))


def test_a_family_has_a_curve_for_each_value() -> None:
    figure = plot_family(actfn.elu, "alpha", [0.5, 1, 2])
    value, slope = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["alpha = 0.5", "alpha = 1", "alpha = 2"]
    for line, alpha in zip(value.get_lines(), (0.5, 1, 2), strict=False):
        x, y = map(np.asarray, line.get_data())
        np.testing.assert_allclose(y, actfn.elu(x, alpha=alpha), rtol=0, atol=1e-7)
    # The slope jumps at 0 where alpha is not 1.
    assert [np.isnan(line.get_ydata()).sum() for line in slope.get_lines()[:3]] == [1, 0, 1]
    looks = {(line.get_color(), str(line._dash_pattern)) for line in value.get_lines()[:3]}
    assert len(looks) == 3 == len({look[1] for look in looks})
    assert figure.get_suptitle() == "elu"
    other = plot_family(actfn.hard_sigmoid, "slope", [0.1, 0.2], offset=0.25, orders=(0,))
    assert other.get_suptitle() == "hard_sigmoid(offset=0.25)"
    assert other.axes[0].get_lines()[0].get_ydata()[600] == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "parameter", "values", "error", "says"),
    [
        ("elu", "alhpa", [1.0], TypeError, "did you mean 'alpha'"),
        ("elu", "alpha", [-1.0], ValueError, "alpha must be in"),
        ("elu", "alpha", [1, 1.0], ValueError, "each value of alpha is drawn once"),
        ("elu", "alpha", [], ValueError, "no function to draw"),
        ("softmax", "axis", [0, 1], TypeError, "softmax has no parameter"),
    ],
)
def test_a_family_that_is_none_is_refused(
    name: str, parameter: str, values: list[float], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        plot_family(actfn.get(name), parameter, values)


def test_the_grid_has_a_panel_for_every_function() -> None:
    figure = plot_grid(orders=(0, 1, 2))
    assert [axes.get_title() for axes in figure.axes] == [name for name in NAMES if actfn.is_builtin(actfn.get(name))]
    for axes in figure.axes:
        function = actfn.get(axes.get_title())
        curves = [line for line in axes.get_lines() if line.get_label()[0] != "_"]
        assert len(curves) == (3 if function.kind == "elementwise" else 2)
        expected = sample(function, 1)
        np.testing.assert_array_equal(curves[1].get_xydata(), np.stack([expected.x, expected.y], axis=1))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "function f(x)",
        "derivative f′(x)",
        "second derivative f″(x)",
    ]


def test_a_grid_of_some_functions() -> None:
    figure = plot_grid([actfn.relu, actfn.elu.with_parameters(alpha=2.0), actfn.tanh], low=-2, high=1, columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["relu", "elu(alpha=2)", "tanh"]
    assert {axes.get_xlim() for axes in figure.axes} == {(-2, 1)}
    rows = {round(axes.get_subplotspec().get_position(figure).y0, 6) for axes in figure.axes}
    assert len(rows) == 2
    with pytest.raises(ValueError, match="at least one column, not 0"):
        plot_grid(columns=0)
    with pytest.raises(ValueError, match="no function"):
        plot_grid([])


@pytest.mark.parametrize("draw", [plot, lambda function, **options: plot_many([function], **options)])
def test_an_unknown_language_is_refused(draw: Any) -> None:
    with pytest.raises(ValueError, match="language 'fr' is unknown; known are en, zh"):
        draw(actfn.relu, language="fr")


@pytest.fixture
def chinese_font() -> str:
    family = fonts.chinese_family()
    assert family is not None, "these tests need a font with Chinese characters: apt install fonts-wqy-microhei"
    return family


def test_chinese_labels_have_a_font_and_no_box(chinese_font: str, tmp_path: Path) -> None:
    figure = plot_grid([actfn.relu, actfn.softmax], language="zh")
    texts = [text for text in figure.findobj(Text) if fonts.is_chinese(text.get_text())]
    assert {text.get_text() for text in texts} == {"函数 f(x)", "导数 f′(x)"}
    assert all(text.get_fontfamily()[-1] == chinese_font for text in texts)
    axes = plot(actfn.softmax, language="zh")
    assert axes.get_title() == "行 (x, 0) 的 softmax 的第一个分量"
    for number, shown in enumerate((figure, axes.figure)):  # a missing glyph is a warning, and warnings are errors
        for ending in ("png", "svg"):
            save(shown, tmp_path / f"{number}.{ending}")
            assert (tmp_path / f"{number}.{ending}").stat().st_size > 5000


def test_labels_of_the_users_own_get_the_font_too(chinese_font: str, tmp_path: Path) -> None:
    axes = plot(actfn.relu)
    axes.set_title("整流函数")
    save(axes.figure, tmp_path / "relu.png")
    assert axes.title.get_fontfamily()[-1] == chinese_font


def test_without_a_font_labels_are_english_and_a_warning_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "chinese_family", lambda: None)
    with pytest.warns(UserWarning, match="no font with Chinese characters is installed") as caught:
        axes = plot(actfn.softmax, language="zh")
    assert len(caught) == 1 and caught[0].filename == __file__
    assert axes.get_title() == "softmax of the row (x, 0), first component"
    axes.set_title("整流函数")
    with pytest.raises(ValueError, match=r"a\.png: no font with Chinese characters.*or write an SVG"):
        save(axes.figure, tmp_path / "a.png")
    save(axes.figure, tmp_path / "a.svg")
    assert "整流函数" in (tmp_path / "a.svg").read_text(encoding="utf-8")


def test_the_font_of_last_resort_is_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.chinese_family.cache_clear()
    last = [entry for entry in fonts.font_manager.fontManager.ttflist if "Last Resort" in entry.name]
    monkeypatch.setattr(fonts.font_manager.fontManager, "ttflist", last)
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", list)
    assert last and fonts.chinese_family() is None
    fonts.chinese_family.cache_clear()
