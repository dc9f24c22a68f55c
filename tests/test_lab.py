"""The laboratory: the network's gradient, training that repeats, what it measures, the report, wrong options."""

import io
import math
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import actfn
from actfn import catalogue

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
pytest.importorskip("rich")

from rich.console import Console

from actfn.handbook import MARKER, contents
from actfn.lab import Activate, Dense, Network, Settings, compare, demo, forward_gain, train
from actfn.lab.comparison import Outcome, Run
from actfn.lab.data import bundled_digits, digits
from actfn.lab.findings import finding
from actfn.lab.network import cross_entropy
from actfn.lab.report import handbook_beside, render
from actfn.lab.training import Measurement, unit_health

NAMES = catalogue.common_names()


def small_network(name, seed=3):
    return Network.dense(actfn.get(name), inputs=5, classes=3, depth=2, width=4, rng=np.random.default_rng(seed))


def pieces(network):
    """Which smooth piece of its activation every pre-activation lies in."""
    found = []
    for layer in network.layers:
        if isinstance(layer, Activate):
            if layer.function.kind == "grouped":
                groups = layer.input.reshape(len(layer.input), -1, layer.constants["group_size"])
                found.append(groups.argmax(axis=-1))
            else:
                found.append(np.searchsorted([kink.x for kink in layer.function.kinks], layer.input))
    return np.concatenate([part.ravel() for part in found])


@pytest.mark.parametrize("name", NAMES)
def test_gradient_of_the_whole_network(name):
    network = small_network(name)
    rng = np.random.default_rng(8)
    x, labels = rng.standard_normal((6, 5)), rng.integers(0, 3, 6)
    for key, parameter in network.parameters.items():
        if not key.endswith("weight"):  # leave the starting values, at which much cancels
            parameter += rng.uniform(-0.2, 0.2, parameter.shape)
    network.loss_and_gradients(x, labels)
    where = pieces(network)
    gradients = {key: gradient.copy() for key, gradient in network.gradients.items()}
    assert gradients.keys() == network.parameters.keys()

    step = 1e-5
    for key, parameter in network.parameters.items():
        numeric = np.empty_like(parameter)
        for index in np.ndindex(parameter.shape):
            start = parameter[index]
            losses = {}
            for multiple in (-2, -1, 1, 2):
                parameter[index] = start + multiple * step
                losses[multiple] = network.loss(x, labels)
                assert np.array_equal(pieces(network), where), "a kink lies within the step: choose another seed"
            parameter[index] = start
            numeric[index] = (8 * (losses[1] - losses[-1]) - (losses[2] - losses[-2])) / (12 * step)
        error = np.abs(numeric - gradients[key]).max()
        assert gradients[key].shape == parameter.shape
        assert error <= 1e-8 * np.abs(gradients[key]).max(), key


@pytest.mark.parametrize(
    "name, keys",
    [("prelu", {"1.alpha": (4,), "3.alpha": (4,)}), ("swish", {"1.beta": (), "3.beta": ()}), ("maxout", {})],
)
def test_learnt_parameters_have_gradients_and_move(name, keys):
    network = small_network(name)
    learnt = {key: p for key, p in network.parameters.items() if not key.endswith(("weight", "bias"))}
    assert {key: p.shape for key, p in learnt.items()} == keys
    if name == "maxout":
        assert network.parameters["0.weight"].shape == (5, 8)
        assert network.parameters["0.bias"].shape == (8,)
    [outcome] = compare(Settings((name,), depth=1, width=8, epochs=1, seeds=1))
    for values in outcome.runs[0].learnt.values():
        assert np.ptp(values) > 0 or values[0] != 1.0


def test_cross_entropy_against_the_definition():
    logits = np.array([[1.0, 2.0, -1.0], [800.0, 0.0, -800.0]])
    loss, gradient = cross_entropy(logits, np.array([1, 0]))
    total = math.e + math.e**2 + 1 / math.e
    assert loss == pytest.approx((math.log(total) - 2) / 2, rel=1e-14)
    first = np.array([math.e, math.e**2, 1 / math.e]) / total - [0, 1, 0]
    np.testing.assert_allclose(gradient[0], first / 2, rtol=1e-14)
    assert gradient[1].tolist() == [0, 0, 0]


# 1 / sqrt(E f(z)^2) to ten digits, by quadrature at 25 digits.
GAINS = {
    "identity": 1.0,
    "sigmoid": 1.8462285453,
    "tanh": 1.5925374197,
    "relu": math.sqrt(2),
    "leaky_relu": 1.4141428570,
    "prelu": math.sqrt(2 / (1 + 0.25**2)),
    "elu": 1.2451983007,
    "selu": 1.0,
    "softplus": 1.0418668355,
    "swish": 1.6765324703,
    "silu": 1.6765324703,
    "mish": 1.4868475813,
    "softsign": 2.3375333631,
    "gelu": 1.5335304412,
}


@pytest.mark.parametrize("name, gain", GAINS.items())
def test_forward_gain(name, gain):
    assert forward_gain(actfn.get(name), 64) == pytest.approx(gain, rel=2e-10)


def test_forward_gain_of_functions_of_a_row():
    assert forward_gain(actfn.get("maxout"), 64) == pytest.approx(1, rel=0.01)
    assert forward_gain(actfn.get("softmax"), 1) == 1  # always one: nothing to keep in size
    assert forward_gain(actfn.get("log_softmax"), 1) == 1  # always zero: no gain helps
    assert 30 < forward_gain(actfn.get("softmax"), 64) < 64


@pytest.mark.parametrize("name", NAMES)
def test_signals_start_with_variance_one(name):
    data = digits(0)
    rng = np.random.default_rng(0)
    network = Network.dense(actfn.get(name), inputs=64, classes=10, depth=3, width=256, rng=rng)
    network.forward(data.train)
    sizes = [float(np.mean(layer.input**2)) for layer in network.layers if isinstance(layer, Activate)]
    assert 0.5 < min(sizes) and max(sizes) < 2


@pytest.mark.parametrize("name", NAMES)
def test_every_function_learns(name):
    [outcome] = compare(Settings((name,), depth=1, width=32, epochs=8, seeds=1))
    assert outcome.accuracy > 0.8
    losses = outcome.curve("loss")[0]
    assert losses[-1] < losses[0] / 2


def test_same_seed_same_bits_and_another_seed_others():
    settings = Settings(("prelu", "softmax"), depth=2, width=8, epochs=2, seeds=2)
    first, second = compare(settings), compare(settings)
    assert [outcome.runs[0].measurements for outcome in first] == [outcome.runs[0].measurements for outcome in second]
    assert render(first, settings) == render(second, settings)
    other = Settings(("prelu", "softmax"), depth=2, width=8, epochs=2, seed=7, seeds=2)
    assert compare(other)[0].runs[0].measurements != first[0].runs[0].measurements


@pytest.mark.slow
def test_another_process_writes_the_same_report(tmp_path):
    program = """
import io, sys
from pathlib import Path
from rich.console import Console
from actfn.lab.demo import run
run(functions=("relu", "swish"), depth=2, width=8, epochs=2, seed=1, seeds=2, output=Path(sys.argv[1]), force=False,
    console=Console(file=io.StringIO()))
"""
    pages = []
    for hash_seed in ("1", "2"):
        page = tmp_path / f"{hash_seed}.html"
        subprocess.run(
            [sys.executable, "-c", program, page], env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=True
        )
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]


def test_runs_of_a_seed_do_not_depend_on_the_company():
    [alone] = compare(Settings(("mish",), depth=1, width=8, epochs=1, seed=4, seeds=1))
    together = compare(Settings(("relu", "mish"), depth=1, width=8, epochs=1, seed=3, seeds=2))
    mish = next(outcome for outcome in together if outcome.name == "mish")
    assert mish.runs[1].measurements == alone.runs[0].measurements


def test_twenty_layers_of_sigmoid_lose_the_gradient_and_relu_does_not():
    outcomes = compare(Settings(("sigmoid", "relu"), depth=20, epochs=1, seeds=1))
    ratios = {outcome.name: outcome.gradient_ratio for outcome in outcomes}
    assert ratios["sigmoid"] < 1e-6
    assert 0.05 < ratios["relu"] < 20
    findings = {outcome.name: finding(outcome, outcomes) for outcome in outcomes}
    assert "Its gradient vanishes" in findings["sigmoid"]
    assert "vanish" not in findings["relu"]


def test_unit_health():
    def health(name, x):
        network = Network([Activate(actfn.get(name), constants={"group_size": 2} if name == "maxout" else {})])
        network.forward(np.array(x))
        return unit_health(network)

    assert health("relu", [[1.0, -1.0, 2.0, -3.0], [1.0, -2.0, -1.0, 4.0]]) == (0.25, 0.5)
    assert health("sigmoid", [[0.0, 8.0, 40.0], [0.0, 0.0, 40.0]]) == (1 / 3, 0.5)
    assert health("maxout", [[1.0, 2.0, 3.0, 0.0], [5.0, 6.0, 0.0, 3.0]]) == (0.25, None)
    assert health("softmax", [[1.0, 2.0]]) == (None, None)


def test_a_diverging_run_is_reported_without_a_warning():
    data = digits(0)
    network = Network.dense(
        actfn.get("identity"), inputs=64, classes=10, depth=2, width=4, rng=np.random.default_rng(0)
    )
    measurements = tuple(train(network, data, epochs=3, rng=np.random.default_rng(0), learning_rate=1e200))
    assert [now.epoch for now in measurements] == [0, 1, 2, 3]
    assert not math.isfinite(measurements[-1].loss)
    outcome = Outcome("identity", (Run(measurements, network.learnt()),), seconds=0.0)
    assert finding(outcome, [outcome]).startswith("Diverged: in 1 of 1 runs")
    assert "Diverged" in render([outcome], Settings(("identity",), epochs=3, seeds=1))


def made_up(name, *accuracies, norms=(1.0, 1.0)):
    runs = [Run((Measurement(0, 1.0, share, share, norms, 0.0, 0.0),), {}) for share in accuracies]
    return Outcome(name, tuple(runs), seconds=0.0)


def test_findings_say_what_the_numbers_say():
    best = made_up("tanh", 0.95, 0.97)
    near = made_up("relu", 0.94, 0.96)
    far = made_up("elu", 0.90, 0.91)
    lost = made_up("sigmoid", 0.1, 0.1, norms=(1e-9, 1.0))
    cut = made_up("softplus", 0.1, 0.1, norms=(0.0, 1.0))
    wild = made_up("selu", 0.90, 0.91, norms=(1e6, 1.0))
    outcomes = [best, near, far, wild, lost, cut]
    assert finding(best, outcomes) == "Reached 96.0%, the highest mean here."
    assert finding(near, outcomes) == "Reached 95.0%, level with tanh within the spread over seeds."
    assert finding(far, outcomes) == "Reached 90.5%, 5.5 points below tanh."
    assert "Did not learn" in finding(lost, outcomes) and "1e-09 times" in finding(lost, outcomes)
    assert "none arrives at the first layer" in finding(cut, outcomes)
    assert "explodes" in finding(wild, outcomes)
    assert finding(best, [best]) == "Reached 96.0%."
    assert made_up("tanh", 0.9).spread is None


class Page(HTMLParser):
    """The elements of a page, and everything in it that could fetch something."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.ids, self.links, self.styles = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.styles += [attributes["style"]] if "style" in attributes else []
        fetching = ("src", "href", "xlink:href", "srcset", "action", "data", "poster", "background")
        self.links += [attributes[name] for name in fetching if name in attributes]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def report():
    settings = Settings(("relu", "softmax", "maxout", "prelu"), depth=2, width=8, epochs=2, seeds=2)
    outcomes = compare(settings)
    return outcomes, render(outcomes, settings)


def test_report_is_self_contained(report):
    text = report[1]
    page = Page(text)
    assert {link for link in page.links if not link.startswith("#")} == {"data:,"}
    targets = {link[1:] for link in page.links if link.startswith("#")}
    clips = re.findall(r"url\(([^)]*)\)", text)
    assert clips and all(clip.startswith("#") for clip in clips)
    targets |= {clip[1:] for clip in clips}
    assert targets and targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert "://" not in text and "@import" not in text and "<metadata" not in text
    assert not {"iframe", "img", "object", "embed", "base", "form"} & {tag for tag, _ in page.elements}
    [policy] = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'")


def test_report_is_complete_and_accessible(report):
    outcomes, text = report
    page = Page(text)
    assert [attributes["id"] for attributes in page.all("article")] == [outcome.name for outcome in outcomes]
    plots = page.all("svg")
    assert len(plots) == 3 + 2 * len(outcomes)
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in plots)
    assert all(heading["scope"] in ("row", "col") for heading in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 1 + 2 * len(outcomes)
    assert sum("aria-sort" in heading for heading in page.all("th")) == 9
    assert page.all("html") == [{"lang": "en"}]
    assert "prefers-color-scheme: dark" in text and "@media print" in text
    for outcome in outcomes:
        assert f"{100 * outcome.accuracy:.1f}%" in text
    assert "seeds 0, 1" in text and np.__version__ in text


def test_report_takes_every_colour_from_the_page(report):
    painted = [style for style in Page(report[1]).styles if "fill" in style or "stroke" in style]
    assert painted
    assert not any(re.search(r"#[0-9a-fA-F]{3,6}|rgb", style) for style in painted)


def run_demo(output, *, force=False, **options):
    given = {"functions": ("relu", "SiLU"), "depth": 1, "width": 4, "epochs": 1, "seed": 0, "seeds": 2, **options}
    console = Console(file=io.StringIO(), width=120)
    demo.run(output=output, force=force, console=console, **given)
    return console.file.getvalue()


def test_demo_prints_a_table_and_writes_the_report(tmp_path):
    output = tmp_path / "report.html"
    printed = run_demo(output)
    assert output.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [output]
    for word in ("relu", "silu", "accuracy", "dead", "saturated", str(output)):
        assert word in printed
    assert re.search(r"\d\.\d s", printed)


def test_existing_report_is_kept_and_nothing_is_trained(tmp_path, monkeypatch):
    output = tmp_path / "report.html"
    output.write_text("mine")
    monkeypatch.setattr(demo, "compare", lambda *_: pytest.fail("trained"))
    with pytest.raises(FileExistsError, match="report.html exists"):
        run_demo(output)
    with pytest.raises(IsADirectoryError):
        run_demo(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing"):
        run_demo(tmp_path / "missing" / "report.html")
    assert output.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [output]


def test_force_replaces_the_report(tmp_path):
    output = tmp_path / "report.html"
    output.write_text("mine")
    run_demo(output, force=True)
    assert output.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_interrupted_demo_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "compare", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_demo(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options, error, sentence",
    [
        ({"depth": 0}, ValueError, "depth must be at least 1, not 0"),
        ({"width": -3}, ValueError, "width must be at least 1, not -3"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, not 0"),
        ({"seeds": 0}, ValueError, "seeds must be at least 1, not 0"),
        ({"seed": -1}, ValueError, "seed must be at least 0, not -1"),
        ({"depth": 2.5}, TypeError, "depth must be an integer, not 2.5"),
        ({"epochs": True}, TypeError, "epochs must be an integer, not True"),
        ({"functions": ()}, ValueError, "functions must name at least one activation"),
        ({"functions": ("reul",)}, actfn.UnknownNameError, "relu"),
    ],
)
def test_wrong_options(tmp_path, options, error, sentence):
    with pytest.raises(error, match=sentence):
        run_demo(tmp_path / "report.html", **options)
    assert list(tmp_path.iterdir()) == []


def test_settings_resolve_names_once():
    assert Settings(("SiLU", "silu", "linear")).names == ("silu", "identity")
    assert Settings().names == NAMES


def test_missing_extras_say_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'scikit-learn, matplotlib, Jinja2: pip install "actfn\[demo\]"'):
        run_demo(tmp_path / "report.html")
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    bundled_digits.cache_clear()
    with pytest.raises(ImportError, match=r'pip install "actfn\[demo\]"'):
        digits(0)


def test_lab_imports_nothing_heavy():
    program = "import sys, actfn.lab; print(*{'sklearn', 'matplotlib', 'jinja2', 'rich', 'scipy'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == ""


def test_dense_layer_shapes_and_variance():
    layer = Dense(400, 300, gain=1.5, rng=np.random.default_rng(0))
    assert layer.parameters["weight"].std() == pytest.approx(1.5 / 20, rel=0.01)
    assert not layer.parameters["bias"].any()


def test_the_report_links_into_a_handbook_beside_it(report, tmp_path):
    outcomes, page = report
    assert "actfn handbook -o handbook" in page and "<a href" not in page
    target = tmp_path / "report.html"
    assert handbook_beside(target) is None
    for folder, language in (("build/handbook", "zh"), ("handbook", "en")):  # the nearer one is found first
        (tmp_path / folder / language).mkdir(parents=True)
        assert handbook_beside(target) == (None if folder == "build/handbook" else "build/handbook/zh")
        (tmp_path / folder / language / "index.html").touch()
        (tmp_path / folder / MARKER).touch()
        assert handbook_beside(target) == f"{folder}/{language}"
    linked = render(outcomes, Settings(("relu", "softmax", "maxout", "prelu"), epochs=2, seeds=2), "handbook/en")
    assert "actfn handbook -o" not in linked
    links = re.findall(r'<a href="([^"]*)"', linked)
    assert links == ["handbook/en/index.html", *(f"handbook/en/{outcome.name}.html" for outcome in outcomes)]
    assert set(contents.names()) >= {outcome.name for outcome in outcomes}
