"""The handbook as files: its pages, links, figures and numbers, and what the command does on bad input."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pages import Page, handbook, read, shared

import actfn
from actfn.accuracy import tables
from actfn.cli import main
from actfn.frameworks import rows

pytest.importorskip("jinja2")

from actfn.handbook import MARKER, articles, contents, drawing, experiment, facts, formulas, function_page, latex, prose
from actfn.handbook.snippets import snippets
from actfn.handbook.summaries import SUMMARIES
from actfn.handbook.translations import PARAMETERS, remark
from actfn.handbook.words import KINDS, TAGS, WORDS

LANGUAGES = ("en", "zh")
NAMES = contents.common_names()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "common", lambda folder: handbook(folder, "--common"))


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Page]:
    return read(site)


def test_every_page_is_there_in_both_languages(pages: dict[str, Page]) -> None:
    files = {"index", *NAMES, *contents.ARTICLES}
    assert len(NAMES) >= 19
    assert set(pages) == {"index.html", *(f"{language}/{file}.html" for language in LANGUAGES for file in files)}
    for path, page in pages.items():
        tags = dict(reversed(page.tags))
        assert tags["html"]["lang"] == {"en": "en", "zh": "zh-Hans", "index.html": "en"}[path.split("/")[0]]
        assert page.count("h1") == page.count("main") == page.count("title") == 1
        assert len(page.ids) == len(set(page.ids)), path


def test_every_link_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        for link in page.links:
            if link.startswith("https://"):
                assert link.startswith("https://arxiv.org/abs/"), link
                continue
            file, _, fragment = link.partition("#")
            target = (site / path).parent / file if file else site / path
            assert target.is_file(), (path, link)
            if fragment:
                assert fragment in pages[target.resolve().relative_to(site.resolve()).as_posix()].ids, (path, link)


def test_nothing_is_loaded_but_the_style_sheet_and_the_script(site: Path, pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        up = "" if path == "index.html" else "../"
        assert sorted(page.loads) == sorted(["data:,", f"{up}handbook.css", f"{up}handbook.js"])
        assert not {"iframe", "object", "embed", "base", "img"} & {tag for tag, _ in page.tags}
    for file in ("handbook.css", "handbook.js"):
        text = (site / file).read_text(encoding="utf-8")
        assert "://" not in text and "@import" not in text and "url(" not in text and "fetch(" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_its_formula_figure_accuracy_code_and_guide(
    pages: dict[str, Page], name: str, language: str
) -> None:
    page, function, words = pages[f"{language}/{name}.html"], actfn.get(name), WORDS[language]
    elementwise = function.kind == "elementwise"
    assert sum(tag == "math" and given.get("display") == "block" for tag, given in page.tags) >= (
        3 if elementwise else 2
    )
    assert [given["aria-label"] for tag, given in page.tags if tag == "svg" and given.get("role") == "img"]
    for heading in ("picture", "formula", "facts", "accuracy", "elsewhere", "code", "guide"):
        assert heading in page.ids and words[heading] in page.text
    assert all(
        line.removeprefix("## ") in page.text for line in function.guide(language).splitlines() if line[:3] == "## "
    )
    assert "$" not in page.text.replace("~$", "")
    assert all(code in page.text for code in snippets(function).values())
    assert all(remark(text, language) in page.text for row in rows(function) for text in row.remarks)
    assert all(paper in page.text for paper in function.papers)
    for paper in function.papers:
        if "arXiv:" in paper:
            number = paper.partition("arXiv:")[2].split(",")[0]
            assert f"https://arxiv.org/abs/{number}" in page.links
    for parameter in function.parameters:
        assert parameter in page.text
    if elementwise:
        for dtype in tables.BOUNDS:
            assert dtype in page.text


def test_the_accuracy_is_the_largest_of_the_committed_tables(pages: dict[str, Page]) -> None:
    rows = tables.read()
    worst = max(float(rows["gelu", 0, "float64", name]["max_ulp"]) for name in tables.INSTRUCTION_SETS)
    assert f'<th scope="row">float64</th><td>{worst:.4f}</td>' in pages["en/gelu.html"].source


@pytest.mark.slow
def test_every_function_has_its_derivation_and_every_elementwise_one_its_properties() -> None:
    for name in ("mish", "softmax", "maxout", "prelu"):
        page = function_page.content(actfn.get(name), "en")
        assert "<math" in page["derivation"] and "<details" in page["derivation"], name
        assert bool(page["properties"]) == (actfn.get(name).kind == "elementwise"), name
    rows = {name: str(value) for name, value, _ in function_page.content(actfn.mish, "en")["properties"]}
    assert rows["smoothness"] == "C^∞" and rows["extrema"].startswith("global minimum −0.30884341301725")


def test_pages_follow_one_another(pages: dict[str, Page]) -> None:
    for before, after in pairwise(NAMES):
        assert f"{after}.html" in pages[f"en/{before}.html"].links
        assert f"{before}.html" in pages[f"en/{after}.html"].links


@pytest.mark.parametrize("path", ["relu.html", "index.html", "gradients.html"])
def test_a_page_links_to_itself_in_the_other_language(pages: dict[str, Page], path: str) -> None:
    assert f"../zh/{path}" in pages[f"en/{path}"].links
    assert f"../en/{path}" in pages[f"zh/{path}"].links


def test_the_index_has_what_the_filters_need(pages: dict[str, Page]) -> None:
    cards = [given for tag, given in pages["en/index.html"].tags if tag == "li" and "data-kind" in given]
    assert len(cards) == len(NAMES)
    (gelu,) = (card for card in cards if (card["data-text"] or "").startswith("gelu "))
    assert (gelu["data-kind"], gelu["data-year"]) == ("elementwise", "from 2015")
    assert set((gelu["data-tags"] or "").split()) == actfn.gelu.tags
    assert (gelu["data-libraries"] or "").split() == [
        *("PyTorch", "JAX", "Keras", "ONNX", "TensorFlow", "Flax", "tensorflow-addons", "timm", "transformers", "MLX"),
        *("tinygrad", "oneDNN", "x-transformers"),
    ]
    (maxout,) = (card for card in cards if (card["data-text"] or "").startswith("maxout "))
    assert (maxout["data-libraries"] or "").split() == ["tensorflow-addons", "Echo"]


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert KINDS["en"].keys() == KINDS["zh"].keys() == {actfn.get(name).kind for name in actfn.names()}
    assert TAGS["zh"].keys() >= {tag for name in contents.names() for tag in actfn.get(name).tags}
    assert SUMMARIES.keys() >= set(contents.names())
    assert PARAMETERS.keys() >= {(name, key) for name in contents.names() for key in actfn.get(name).parameters}


@pytest.mark.parametrize("name", contents.ARTICLES)
def test_an_article_says_the_same_in_both_languages(pages: dict[str, Page], name: str) -> None:
    english, chinese = (pages[f"{language}/{name}.html"] for language in LANGUAGES)
    for tag in ("h2", "svg", "table", "tr", "strong", "li"):
        assert english.count(tag) == chinese.count(tag), tag


def test_the_folk_claims_are_refuted_by_what_is_measured() -> None:
    arriving = {key: articles.journey(*key).arriving for key in (("sigmoid", None), ("sigmoid", 100.0), ("tanh", 4.0))}
    assert articles.journey("sigmoid", 1.0).arriving < 0.25**29 / 2
    assert arriving["sigmoid", None] > 1e5 * 0.25**29
    assert arriving["sigmoid", 100.0] > 0.1
    assert arriving["tanh", 4.0] > 10
    assert articles.journey("relu", 1.0).arriving < 1e-3
    assert 0.5 < articles.journey("relu").arriving < 2
    assert articles.journey("softplus").arriving < 1e-6
    assert abs(float(actfn.gelu.derivative(-10.0))) < 1e-20
    assert float(actfn.gelu.derivative(np.float16(-7))) == 0


def test_the_gradient_of_the_measured_network_is_the_true_one() -> None:
    measured = experiment.journey("tanh", 1.5, depth=3)
    rng = np.random.default_rng(experiment.SEED)
    weights = rng.standard_normal((3, experiment.WIDTH, experiment.WIDTH)) * (1.5 / experiment.WIDTH) ** 0.5
    x = rng.standard_normal((experiment.SAMPLES, experiment.WIDTH)) @ weights[0]
    outgoing = rng.standard_normal(x.shape)

    def loss(x: np.ndarray) -> float:
        return float(np.sum(outgoing * np.tanh(np.tanh(np.tanh(x) @ weights[1]) @ weights[2])))

    last = np.tanh(np.tanh(x) @ weights[1]) @ weights[2]
    norm = np.linalg.norm(outgoing * (1 - np.tanh(last) ** 2))
    slopes = []
    for _ in range(100):
        direction = rng.standard_normal(x.shape)
        slopes.append((loss(x + 1e-6 * direction) - loss(x - 1e-6 * direction)) / 2e-6)
    # The slope in a random normal direction has the gradient's norm as its deviation.
    assert measured.arriving * norm == pytest.approx(np.mean(np.square(slopes)) ** 0.5, rel=0.25)


@pytest.mark.parametrize("name", [name for name in NAMES if actfn.get(name).kind == "elementwise"])
def test_facts_hold(name: str) -> None:
    function = facts.with_examples(actfn.get(name))
    found = facts.facts(function)
    rng = np.random.default_rng(1)
    z = rng.standard_normal(400_000)
    assert np.mean(function(z)) == pytest.approx(found.mean, abs=0.01)
    assert np.mean(function(z) ** 2) == pytest.approx(found.gain**-2, rel=0.02, abs=0.01)
    slopes = function.derivative(3 * z)
    assert found.flattest - 1e-6 <= slopes.min() and slopes.max() <= found.steepest + 1e-6


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_the_code_of_other_libraries_gives_the_same(library: str) -> None:
    pytest.importorskip(library)
    for name in NAMES:
        code = snippets(actfn.get(name))
        own: dict[str, np.ndarray] = {}
        other: dict[str, object] = {}
        exec(code["NumPy (actfn)"], own)  # noqa: S102
        exec(code["PyTorch" if library == "torch" else "JAX"], other)  # noqa: S102
        np.testing.assert_allclose(np.asarray(other["y"]), own["y"], rtol=2e-6, atol=3e-6, err_msg=name)


def test_a_kink_is_drawn_as_a_jump(pages: dict[str, Page]) -> None:
    source = pages["en/relu.html"].source
    slope = source.split('aria-label="Curves of')[1].split('class="curve style-1" d="')[1].split('"')[0]
    assert slope.count("M") == 2
    assert source.count('class="hollow style-1"') == source.count('class="filled style-1"') == 1


def test_lines_differ_without_colour() -> None:
    sheet = Path(drawing.__file__).parent.joinpath("static", "handbook.css").read_text(encoding="utf-8")
    patterns = [line.split("stroke-dasharray:")[1].split(";")[0] for line in sheet.splitlines() if "dasharray" in line]
    assert len(set(patterns)) == len(patterns) == drawing.STYLES - 1
    assert max(map(len, contents.COMPARISONS.values())) <= drawing.STYLES


def test_a_simplified_line_stays_where_it_was() -> None:
    x = np.linspace(0, 400, 1000)
    points = list(zip(x.tolist(), (100 * np.tanh(x / 50)).tolist(), strict=True))
    kept = drawing._without_flat(points)
    assert 5 < len(kept) < 100
    between = np.interp(x, *np.array(kept).T)
    assert np.max(np.abs(between - 100 * np.tanh(x / 50))) <= drawing.FLAT


@pytest.mark.parametrize("text", [r"\unknown{x}", r"\frac{1}{2", "x^"])
def test_latex_that_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="in|of"):
        latex.mathml(text)


def test_markdown_is_escaped() -> None:
    assert "<script>" not in prose.html("<script>alert(1)</script> `<b>`")
    assert "&lt;b&gt;" in prose.html("`<b>`")


def test_punctuation_stays_with_the_formula_before_it() -> None:
    assert prose.html("传入 $x$，则（$y$）为负。") == (
        '<p>传入 <span class="whole"><math><mi>x</mi></math>，</span>则'
        '<span class="whole">（<math><mi>y</mi></math>）</span>为负。</p>\n'
    )
    assert "−3.9\u00a0×\u00a010⁻⁸" in prose.html("−3.9e-08 and `-3.9e-08`")
    assert "<code>-3.9e-08</code>" in prose.html("−3.9e-08 and `-3.9e-08`")


def test_signs_and_names_in_mathematics_have_their_gaps() -> None:
    gap = '<mspace width="0.17em"/>'
    assert f"<mi>x</mi>{gap}<mi>tanh</mi>" in latex.mathml(r"x\tanh(x)")
    assert gap not in latex.mathml(r"\tanh(x)") and gap not in latex.mathml(r"x + \tanh(x)")
    assert '<mo form="prefix">−</mo>' in latex.mathml(r"\sigma(-x)") and "prefix" not in latex.mathml("y - x")
    assert latex.mathml("x = -|x|").count('lspace="0" rspace="0"') == 2


def test_derivatives_are_written_as_people_write_them() -> None:
    assert "<mfrac><msup><mi>e</mi>" in formulas.formula(actfn.sigmoid, 1)
    assert "sign" not in formulas.formula(actfn.softsign, 1)
    for language, otherwise in (("en", "otherwise"), ("zh", "其他")):
        assert f"<mtext>{otherwise}</mtext>" in formulas.formula(actfn.maxout, 1, language)


def test_formulas_know_no_entity_that_a_parser_of_xml_would_miss() -> None:
    for name in NAMES:
        assert "&Exp" not in formulas.formula(actfn.get(name), 1)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_language_alone(tmp_path: Path, language: str) -> None:
    folder = tmp_path / "site"
    assert main(["handbook", "-o", str(folder), "--lang", language, "--common"]) == 0
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == [language]
    page = Page(folder / language / "relu.html")
    assert not any("class" in given and given["class"] == "language" for _, given in page.tags)
    assert all((folder / language / link.split("#")[0]).exists() for link in page.links if "://" not in link)


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_the_same_bytes_every_time_and_a_handbook_is_replaced(site: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    (again / "old").mkdir(parents=True)
    (again / MARKER).touch()
    (again / "old" / "page.html").touch()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "actfn", "handbook", "-o", str(again), "--common"],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert contents_of(again) == contents_of(site)
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


@pytest.mark.parametrize(
    ("prepare", "arguments", "says"),
    [
        ("nothing", ["--lang", "fr"], "language 'fr' is unknown; known are en, zh, both"),
        ("file", [], "is a file, not a folder"),
        ("files", [], "holds something else than a handbook"),
        ("no parent", [], "does not exist"),
    ],
)
def test_bad_input_is_refused_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prepare: str, arguments: list[str], says: str
) -> None:
    target = tmp_path / "site"
    if prepare == "file":
        target.write_text("mine")
    elif prepare == "files":
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    elif prepare == "no parent":
        target = target / "below"
    before = contents_of(tmp_path)
    assert main(["handbook", "-o", str(target), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and says in captured.err
    assert contents_of(tmp_path) == before


@pytest.mark.slow
def test_a_failure_leaves_the_old_handbook_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "site"
    target.mkdir()
    (target / MARKER).write_text("old")

    def fails(*arguments: object) -> object:
        raise ValueError("no page")

    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0})  # another process would not know what fails
    monkeypatch.setattr("actfn.handbook.function_page.content", fails)
    assert main(["handbook", "-o", str(target)]) == 2
    assert contents_of(tmp_path) == {f"site/{MARKER}": b"old"}


@pytest.mark.slow
def test_an_empty_folder_and_a_link_are_taken(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    assert main(["handbook", "-o", str(link), "--lang", "en", "--common"]) == 0
    assert link.is_symlink() and (real / "en" / "index.html").is_file()


def test_the_library_does_not_import_what_only_the_handbook_needs() -> None:
    code = "import sys, actfn; assert not {'jinja2', 'matplotlib', 'sympy', 'markdown_it'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys, actfn.handbook_commands; assert not {'jinja2', 'actfn.handbook'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_properties_have_mathematical_signs() -> None:
    for language in LANGUAGES:
        for function in (actfn.gelu, actfn.selu, actfn.hard_sigmoid):
            told = " ".join(
                f"{value} {how}" for _, value, how in function_page.content(function, language)["properties"]
            )
            assert "∞" in told and "≤" in told and "f′" in told
            assert not [mark for mark in ("&lt;", "&gt;", "inf)", "f'", "&#39;", " -") if mark in told]
    found = {name: str(value) for name, value, _ in function_page.content(actfn.gelu, "zh")["properties"]}
    assert found["极值"].startswith("最小值 −0.1699") and found["奇偶性"] == "非奇非偶"


def test_properties_are_in_chinese_on_chinese_pages() -> None:
    import re

    from actfn.handbook.function_page import content

    for function in (actfn.gelu, actfn.relu, actfn.elu, actfn.softsign, actfn.prelu, actfn.sine, actfn.hard_shrink):
        rows = content(function, "zh")["properties"]
        assert len(rows) == (20 if function == actfn.sine else 30)
        for name, value, how in rows:
            assert re.search("[\u4e00-\u9fff]", name), name
            for text in (*str(value).split("<br>"), how):
                words = {*re.findall("[A-Za-z]{3,}", text)} - {"inf", "Var", "SymPy", "float", "bfloat", "sqrt", "log"}
                assert not words, (function.name, name, text)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_derivatives_are_derived_and_fold(language: str) -> None:
    for name in NAMES:
        function = actfn.get(name)
        shown = function_page.content(function, language)["derivation"]
        orders = (1, 2) if function.kind == "elementwise" else (1,)
        titles = [function.derivation(order=order, lang=language).title for order in orders]
        assert [shown.count(f"<h3>{title}</h3>") for title in titles] == [1] * len(orders)
        assert shown.count('<section class="actfn-derivation"') == len(orders)
        if name not in ("identity", "maxout"):
            assert all("<details><summary>" in part for part in shown.split("<section")[1:]), name


def test_saturation_is_shaded_in_the_picture(pages: dict[str, Page]) -> None:
    for language in LANGUAGES:
        picture = pages[f"{language}/tanh.html"].source.split("</figure>")[0]
        assert picture.count('<path class="shade" d="M') == 3  # both sides, and the legend
        assert "|f′| &lt; 0.01" in picture
        assert 'class="shade"' not in pages[f"{language}/identity.html"].source
    place = drawing._Place(-6, 6, 0, 1)
    end = place.across(-np.arccosh(10.0))
    assert f'<path class="shade" d="M48.0 12H{end:.1f}V276H48.0Z"/>' in pages["en/tanh.html"].source


FAULTY = {
    "elu",
    "gelu",
    "gelu_tanh",
    "log_softmax",
    "mish",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "swish",
    "tanh",
}


def test_textbook_code_is_shown_where_it_fails(pages: dict[str, Page]) -> None:
    for language in LANGUAGES:
        shown = {name for name in NAMES if "textbook" in pages[f"{language}/{name}.html"].ids}
        assert shown == FAULTY
    english = pages["en/softplus.html"].source.split('id="textbook"')[1].split("</section>")[0]
    assert "infinite for x\u00a0&gt;\u00a088.72" in english and english.count('class="curve style-') == 6
    chinese = pages["zh/softplus.html"].source.split('id="textbook"')[1].split("</section>")[0]
    assert "x\u00a0&gt;\u00a088.72 时溢出为无穷" in chinese and "infinite" not in chinese


def test_the_drawing_of_digits_falls_where_they_are_lost() -> None:
    from actfn.handbook.textbook_code import _worst
    from actfn.textbook import textbook

    line = _worst(textbook(actfn.softplus, "float32", 0, -60, 100), "softplus(x)")
    assert len(line.x) == len(line.y) and np.isfinite(line.y).all()
    assert line.y[line.x < -17.5].max() == 0 == line.y[line.x > 89.5].max()
    assert line.y[(line.x > 5) & (line.x < 88)].min() > 6


def test_all_functions_are_on_one_figure_that_leads_to_their_pages(pages: dict[str, Page]) -> None:
    for language in LANGUAGES:
        source = pages[f"{language}/choosing.html"].source
        panels = source.split('<ul class="panels">')[1].split("</ul>")[0]
        assert [part.split('"')[0] for part in panels.split('<a href="')[1:]] == [f"{name}.html" for name in NAMES]
        assert panels.count('class="curve style-0"') == panels.count('class="curve style-1"') == len(NAMES)
    relu = panels.split('href="relu.html"')[1].split("</a>")[0]
    assert relu.split('class="curve style-1" d="')[1].split('"')[0].count("M") == 2


def test_a_name_keeps_a_gap_from_what_it_is_multiplied_by(pages: dict[str, Page]) -> None:
    assert '<mi>x</mi><mspace width="0.17em"/><mrow><mi>tanh</mi>' in pages["en/mish.html"].source
    assert "<mo>-</mo>" not in pages["en/mish.html"].source
    assert '<mi>slope</mi><mspace width="0.17em"/><mi>x</mi>' in pages["en/hard_sigmoid.html"].source
    assert "<mtext>\u00a0or\u00a0</mtext>" in pages["en/hard_sigmoid.html"].source
