"""The page is used: filtered by keyboard, folded and unfolded, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import pages
from tests.review.page.changes import Made


def tab_to(one: pages.Opened, name: str) -> None:
    for _ in range(200):
        one.page.keyboard.press("Tab")
        if one.page.evaluate("document.activeElement.id") == name:
            assert one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    pytest.fail(f"the keyboard does not reach {name}")


def test_filters_by_keyboard_alone(made: Callable[[str], Made], browser: Any) -> None:
    plan = made("mixed").plans[1]
    with pages.opened(browser, made("mixed").text) as one:
        keyboard = one.page.keyboard
        keyboard.press("Tab")
        assert one.page.evaluate("document.activeElement.textContent") == "Skip to the review"
        keyboard.press("Enter")
        assert one.page.evaluate("document.activeElement.id") == "content"
        everything = one.seen("#left")
        tab_to(one, "zone")
        keyboard.type("Int")
        rows = one.seen("#ways tbody tr")
        assert rows
        assert all(" Internet " in row for row in rows)
        tab_to(one, "role")
        keyboard.type("proxy")
        machines = {row.split()[0] for row in one.seen("#nodes tbody tr")}
        assert machines == {name for name, node in plan["nodes"].items() if "proxy" in node["roles"]}
        tab_to(one, "port")
        keyboard.type("995/tcp")
        rows = one.seen("#ways tbody tr")
        assert {row.split()[0] for row in rows} == {"995/tcp"}
        assert one.seen("#left")[0].startswith(f"{len(rows)} of ")
        assert one.seen("#left")[0].endswith(f" and 2 of {len(plan['nodes']) + 1} machines are shown.")
        lit = one.page.eval_on_selector_all("svg .line:not(.dim)", "(all) => all.map((one) => one.textContent)")
        assert [" ".join(text.split()) for text in lit] == ["+ tcp 995 opened: external POP3 secure access"]
        keyboard.press("Enter")
        keyboard.press("Backspace")
        keyboard.type("x")
        assert one.seen("#left")[0].startswith("995/tcx is no port.")
        tab_to(one, "changes")
        keyboard.press("Tab")
        keyboard.press("Enter")
        one.page.wait_for_function("(text) => document.getElementById('left').textContent === text", arg=everything[0])
        assert not one.requests


def test_a_port_finds_the_ranges_that_hold_it(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("mixed").text) as one:
        for port, found in (("20500", {"20000-21255/tcp", "20000-40000/udp"}), ("20500/udp", {"20000-40000/udp"})):
            one.page.fill("#port", port)
            assert {row.split()[0] for row in one.seen("#ways tbody tr")} == found
        one.page.fill("#port", "")
        one.page.check("#changes")
        assert not [row for row in one.seen("#ways tbody tr") if "as before" in row]
        assert not [row for row in one.seen("#nodes tbody tr") if row.startswith("mta2") and "+ new" not in row]
        assert [row for row in one.seen("#nodes tbody tr") if row.startswith("mta2")]


def test_one_picture_at_a_time_or_both(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("mixed").text) as one:
        assert one.seen("figure h3") == ["After the change"]
        one.page.focus("#view input")
        one.page.keyboard.press("ArrowDown")
        assert one.seen("figure h3") == ["Before the change"]
        one.page.keyboard.press("ArrowDown")
        assert one.seen("figure h3") == ["After the change", "Before the change"]


def test_everything_is_there_without_scripts(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("mixed").text, java_script_enabled=False) as one:
        assert len(one.seen("svg")) == 2
        assert not one.seen("#filter, #view")
        assert len(one.seen("#ways tbody tr")) == one.page.locator("#ways tbody tr").count()


def test_a_link_opens_what_is_folded(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("hundred").text) as one:
        assert not one.seen("#inside li")
        one.page.click("nav a[href='#inside']")
        one.page.wait_for_function("document.querySelector('#inside details').open")
        assert one.seen("#inside li")
