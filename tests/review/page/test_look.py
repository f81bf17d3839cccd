"""The page can be read: in the dark, on paper, on a telephone, by a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests import pages, pictures
from tests.review.page.changes import CHANGES, Made, drawn


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CHANGES, "mixed-lying"])
def test_nothing_in_the_pictures_overlaps(name: str, made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, "<!doctype html><title>Picture</title>") as one:
        for picture in drawn(made(name).text):
            assert not pictures.faults(one.page, picture)


_CONTRASTS = """() => [...document.querySelectorAll('svg')].filter((one) => one.checkVisibility()).flatMap((svg) => {
  const rects = [...svg.querySelectorAll('rect')].map((one) => [one.getBBox(), getComputedStyle(one).fill]);
  return [...svg.querySelectorAll('text')].map((text) => {
    const box = text.getBBox();
    const behind = rects.filter(([r]) => r.x <= box.x + 1 && r.y <= box.y + 2 && r.x + r.width >= box.x + box.width - 1
      && r.y + r.height >= box.y + box.height - 2).pop();
    return [text.textContent, getComputedStyle(text).fill, behind[1]];
  });
})"""


def hexadecimal(color: str) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", color)[:3])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixed-lying", "gateway", "router"])
def test_dark_is_dark_and_readable(name: str, made: Callable[[str], Made], browser: Any) -> None:
    text = made(name).text
    used = {color for picture in drawn(text) for color in re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', picture)}
    with pages.opened(browser, text, color_scheme="dark") as one:
        assert pictures.contrast(hexadecimal(one.page.evaluate("getComputedStyle(document.body).color")), "#000000") > 9
        found = {
            hexadecimal(color)
            for kind in ("fill", "stroke")
            for color in one.page.evaluate(
                f"[...document.querySelectorAll('svg [{kind}]')].map((one) => getComputedStyle(one).{kind})"
            )
            if color != "none"
        }
        assert not used & found, "a color of the picture has none for the dark"
        pale = [
            (words, ink, behind)
            for words, ink, behind in one.page.evaluate(_CONTRASTS)
            if pictures.contrast(hexadecimal(ink), hexadecimal(behind)) < pictures.AA_TEXT
        ]
    assert not pale


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixed-lying", "long-names", "hundred", "new"])
@pytest.mark.parametrize("width", [320, 360, 768])
def test_a_narrow_window_scrolls_down_only(name: str, width: int, made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made(name).text, width=width) as one:
        one.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("mixed-lying", {}, id="light", marks=pytest.mark.slow),
        pytest.param("mixed-lying", {"color_scheme": "dark"}, id="dark", marks=pytest.mark.slow),
        pytest.param("mixed-lying", {"width": 360}, id="mobile", marks=pytest.mark.slow),
        pytest.param("nothing", {}, id="nothing"),
        pytest.param("new", {}, id="new", marks=pytest.mark.slow),
        pytest.param("hundred", {}, id="hundred", marks=pytest.mark.slow),
    ],
)
def test_nobody_is_kept_out(name: str, options: dict[str, Any], made: Callable[[str], Made], browser: Any) -> None:
    if why := pages.why_no_axe():
        pytest.skip(why)
    with pages.opened(browser, made(name).text, bypass_csp=True, **options) as one:
        assert not pages.grave(one)


def test_axe_looks(made: Callable[[str], Made], browser: Any) -> None:
    if why := pages.why_no_axe():
        pytest.skip(why)
    text = made("nothing").text.replace('<label for="zone">From</label>', "").replace(' lang="en"', "")
    with pages.opened(browser, text, bypass_csp=True) as one:
        assert {found.partition(":")[0] for found in pages.grave(one)} == {"html-has-lang", "select-name"}


def test_paper_has_everything_and_no_filter(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("hundred").text) as one:
        one.page.fill("#port", "25")
        one.page.emulate_media(media="print")
        assert not one.seen("#filter, #view, nav, .skip, .rest summary")
        assert len(one.seen("svg")) == 2
        assert len(one.seen("#ways tbody tr")) == one.page.locator("#ways tbody tr").count()
        heights = one.page.eval_on_selector_all(
            "details code", "(all) => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert heights
        assert min(heights) > 0, "something stays folded"
        assert one.page.pdf().startswith(b"%PDF")
        assert not one.said
