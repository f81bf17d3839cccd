"""What others wrote stays text, and nothing but the page's own script runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from generator.review.page import page as make_page
from tests import pages
from tests.helpers import run_cli
from tests.hostile import STRINGS
from tests.review.page.changes import HOSTILE, Made, example


def test_the_policy_lets_nothing_else_run(made: Callable[[str], Made], browser: Any) -> None:
    text = made("mixed").text
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    assert policy
    directives = dict(one.split(" ", 1) for one in policy[1].replace("&#39;", "'").split("; "))
    assert directives["default-src"] == directives["base-uri"] == directives["form-action"] == "'none'"
    assert all("unsafe" not in value and ":" not in value for value in directives.values())
    assert text.index("Content-Security-Policy") < text.index("<title>")
    assert not re.search(r"\s(style|on\w+)=", text.partition("<script>")[0])
    with pages.opened(browser, text) as one:
        one.page.evaluate(
            """() => {
              const add = (name, values) => document.body.append(Object.assign(document.createElement(name), values));
              try { add('script', {textContent: 'window.hit = 1'}); } catch { /* No text becomes a script. */ }
              add('img', {src: 'https://evil.example/x.png'});
              add('link', {rel: 'stylesheet', href: 'https://evil.example/x.css'});
              add('iframe', {src: 'https://evil.example/'});
              fetch('https://evil.example/').catch(() => {});
            }"""
        )
        one.page.wait_for_timeout(200)
        assert one.page.evaluate("window.hit") is None
        assert not one.requests


# Words that the program decides by; all others may come from anywhere.
_OURS = {"format", "change", "kind", "type", "protocol", "ports", "source", "verdict", "currency", "internet"}


def spoiled(value: Any, text: str) -> Any:
    """Return a review in which a text stands wherever one could."""
    if isinstance(value, dict):
        return {key: one if key in _OURS else spoiled(one, text) for key, one in value.items()}
    if isinstance(value, list):
        return [spoiled(one, text) for one in value]
    return value + text if isinstance(value, str) else value


@pytest.mark.many(6)
@pytest.mark.parametrize("text", [*HOSTILE, " ".join(STRINGS.values())], ids=[*range(len(HOSTILE)), "strings"])
def test_what_others_wrote_stays_text(text: str, folder: Path, made: Callable[[str], Made], browser: Any) -> None:
    from generator.cli.pipeline import plan_topology
    from generator.cli.review import _side, parser
    from generator.review.model import Review

    benign = made("mixed-lying")
    content = spoiled(benign.review, text)
    content["verdict"] = benign.review["verdict"] + text
    before, after = (
        _side(plan_topology(parser().parse_args([str(folder / "mixed-lying" / side / "topology.yaml")])))
        for side in ("old", "new")
    )
    flows = tuple(
        msgspec.structs.replace(flow, services=tuple(one + text for one in flow.services)) for flow in after.plan.flows
    )
    after = msgspec.structs.replace(after, plan=msgspec.structs.replace(after.plan, flows=flows))
    spoilt = make_page(msgspec.convert(content, Review), before, after)
    count = "(() => { const all = [...document.querySelectorAll('*')].filter((one) => one.localName !== 'tr'); return ["
    count += "...new Set(all.map((one) => one.localName))].sort().concat(all.filter((one) => "
    count += "one.getAttributeNames().some((name) => name.startsWith('on'))).map((one) => one.outerHTML)); })()"
    with pages.opened(browser, benign.text) as one:
        elements = one.page.evaluate(count)
    with pages.opened(browser, spoilt) as one:
        for selector in ("h1", "svg text", "code"):
            one.page.locator(selector).first.hover()
        assert one.page.evaluate("window.hit") is None
        assert set(one.page.evaluate(count)) <= {*elements, "details", "summary"}
        assert one.page.locator("script").count() == 1
        assert not one.requests
        assert not one.said
        shown = one.page.locator("main").text_content()
    assert (text if text.isprintable() else STRINGS["markdown link"]) in shown


def test_a_hostile_base_and_reason(tmp_path: Path, browser: Any) -> None:
    base = tmp_path / "<img src=x onerror=alert(1)>"
    base.mkdir()
    content = example("five-nodes-hetzner")
    (base / "topology.yaml").write_text(yaml.safe_dump(content), "utf-8")
    content["services"] = {"imap": True, "submissions": True}
    reason = "<script>alert(1)</script>"
    content["accept"] = {"new-internet-exposure": {"reason": reason, "until": "2026-12-31"}}
    (tmp_path / "topology.yaml").write_text(yaml.safe_dump(content), "utf-8")
    found = run_cli(tmp_path, "review", "--base", base.name, "--today", "2026-06-01", "--html")
    assert found.code == 0, found.err
    with pages.opened(browser, found.out) as one:
        text = one.page.locator("body").text_content()
        assert base.name in text
        assert reason in text
        assert not one.requests
        assert not one.said
