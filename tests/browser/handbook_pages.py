"""The handbook in a browser, opened from disk: no error, no outside request, working controls, accessible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python.sync_playwright as axe
import playwright.sync_api as playwright
import pytest

from actfn.handbook import contents, render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Of every kind; the index lists every function.
RARE = (
    "swiglu",
    "sparsemax",
    "normmax",
    "gumbel_softmax",
    "rrelu",
    "dice",
    "slaf",
    "crelu",
    "sine",
    "log_ndtr",
    "hard_swish",
)
NAMES = (*contents.common_names(), *RARE)
FILES = ("index", *NAMES, *contents.ARTICLES)
PATHS = [f"{language}/{file}.html" for language in contents.LANGUAGES for file in FILES]
EXAMINED = ["gelu", "softmax", "hard_sigmoid", "index", "gradients", "choosing", "compare-rectifiers", *RARE]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browsed")
    for name, text in render(functions=NAMES):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    assert CHROMIUM is not None, "these tests need Chromium: apt install chromium"
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: playwright.Browser) -> Iterator[playwright.Page]:
    context = browser.new_context(locale="en-GB", color_scheme="light")
    yield context.new_page()
    context.close()


def shown(page: playwright.Page) -> list[str]:
    """Return the names of the cards that can be seen."""
    return [name.inner_text() for name in page.locator("#cards li:visible .name").all()]


def test_every_page_loads_without_an_error_or_an_outside_request(page: playwright.Page, site: Path) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url)
    )
    for path in PATHS:
        page.goto((site / path).as_uri())
        assert page.locator("h1").count() == 1
        assert faults == [], path


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_the_screen(browser: playwright.Browser, site: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    for path in (f"{language}/{file}.html" for file in EXAMINED for language in contents.LANGUAGES):
        page.goto((site / path).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", contents.LANGUAGES)
def test_axe_finds_no_fault_that_matters(browser: playwright.Browser, site: Path, language: str, scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme)  # the colours of both are judged
    for file in EXAMINED:
        page.goto((site / language / f"{file}.html").as_uri())
        found = axe.Axe().run(page).response["violations"]
        grave = [
            (fault["id"], [node["html"][:120] for node in fault["nodes"]][:3])
            for fault in found
            if fault["impact"] != "minor"
        ]
        assert grave == [], file
    page.close()


def test_search_finds_by_name_alias_and_words_of_both_languages(page: playwright.Page, site: Path) -> None:
    page.goto((site / "en/index.html").as_uri())
    assert len(shown(page)) == len(NAMES)
    for query, expected in (
        ("leaky relu", ["leaky_relu", "rrelu"]),
        ("expit", ["sigmoid"]),
        ("自归一化", ["selu"]),
        ("zzz", []),
    ):
        page.get_by_label("Find a function").fill(query)
        assert shown(page) == expected
        assert page.locator("#found").inner_text().startswith(f"{len(expected)} of ")
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelectorAll('#cards li:not([hidden])').length > 1")
    assert len(shown(page)) == len(NAMES)


def test_filters_narrow_together(page: playwright.Page, site: Path) -> None:
    page.goto((site / "en/index.html").as_uri())
    page.get_by_label("Kind").select_option("simplex")
    assert shown(page) == ["log_softmax", "softmax", "sparsemax", "normmax"]
    page.get_by_label("bounded").check()
    assert shown(page) == ["softmax", "sparsemax", "normmax"]
    assert page.get_by_role("heading", name="Of a whole row").is_visible()
    assert not page.get_by_role("heading", name="Rectifiers").count()
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("gated").check()
    page.get_by_label("Built into").select_option("PyTorch")
    assert shown(page) == ["gelu", "gelu_tanh", "mish", "silu", "swish", "hard_swish"]
    page.get_by_label("First published").select_option("from 2015")
    page.get_by_label("Find a function").fill("misra")
    assert shown(page) == ["mish"]


def test_the_language_switch_keeps_page_and_filter(page: playwright.Page, site: Path) -> None:
    page.goto((site / "en/gelu.html").as_uri())
    page.get_by_role("link", name="中文").click()
    assert page.url.endswith("zh/gelu.html") and page.locator("html").get_attribute("lang") == "zh-Hans"
    page.goto((site / "en/index.html").as_uri())
    page.get_by_label("gated").check()
    page.get_by_role("link", name="中文").click()
    assert page.url.split("#")[0].endswith("zh/index.html")
    assert shown(page) == ["gelu", "gelu_tanh", "mish", "silu", "swish", "hard_swish", "swiglu", "dice"]


@pytest.mark.parametrize(("locale", "language"), [("en-GB", "en"), ("zh-CN", "zh"), ("fr-FR", "en")])
def test_the_first_page_opens_in_the_readers_language(
    browser: playwright.Browser, site: Path, locale: str, language: str
) -> None:
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    page.wait_for_url(f"**/{language}/index.html")
    context.close()


def test_light_and_dark_can_be_switched_and_is_remembered(page: playwright.Page, site: Path) -> None:
    page.goto((site / "en/relu.html").as_uri())
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(background)
    page.goto((site / "en/tanh.html").as_uri())
    assert light != dark == page.evaluate(background)


def test_code_is_copied_without_prompts(browser: playwright.Browser, site: Path) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto((site / "en/gelu.html").as_uri())
    page.locator("#guide ~ div .copyable button").first.click()
    page.get_by_text("Copied").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import numpy as np\nimport actfn\n") and ">>>" not in copied
    context.close()


def test_the_keyboard_reaches_the_content_first(page: playwright.Page, site: Path) -> None:
    page.goto((site / "en/gelu.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_page_is_whole_without_scripts(browser: playwright.Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "en/index.html").as_uri())
    assert len(shown(page)) == len(NAMES)
    assert not page.locator("form").is_visible()
    page.goto((site / "index.html").as_uri())
    assert page.get_by_role("link", name="中文").is_visible()
    context.close()
