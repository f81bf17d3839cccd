"""The page: all of the review is in it, it acts on nobody, and everybody can use it."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from benchmarks.topologies import topology as large
from generator.review.page import page as make_page
from tests import pages, pictures
from tests.helpers import ROOT, run_cli
from tests.hostile import STRINGS

MOST_BYTES = 1_500_000
HOSTILE = (
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=https://evil.example/x onerror=window.hit=1>",
    '" onmouseover="window.hit=1" autofocus onfocus="window.hit=1',
    "</style></title></desc></svg><svg onload=window.hit=1>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe><base href=https://evil.example/>",
    "<a href=javascript:window.hit=1>click</a><form action=https://evil.example><button>send</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'><link rel=stylesheet href=//evil.example>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "]]><!-- -->",
)


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "examples" / name / "topology.yaml").read_text("utf-8"))
    return found


def mixed() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a change of everything: nodes come and go, roles move, services open, management is another."""
    old = example("five-nodes-hetzner")
    new = copy.deepcopy(old)
    new["nodes"]["mta2"] = ["mta", "proxy"]
    new["nodes"]["infra1"] += new["nodes"].pop("files1")
    new["management"] = ["198.51.100.0/25", "203.0.113.0/24"]
    new["services"] = {"imaps": ["192.0.2.0/24"], "pop3s": True}
    old["services"] = {"imap": True, "submissions": True}
    return old, new


def opens_imap(content: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return content, {**content, "services": {**content.get("services", {}), "imap": True, "submissions": True}}


def long_names() -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = mixed()
    for content in (old, new):
        content["nodes"] = {f"{name}{'w' * (63 - len(name))}": node for name, node in content["nodes"].items()}
        content["management"] += [f"198.51.{number}.0/24" for number in range(101, 140)]
    return old, new


def hundred() -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = large(98, "hetzner"), large(100, "hetzner")
    new["services"] = {"imap": True}
    new["management"] = [*new["management"], "203.0.113.0/24"]
    return old, new


# What Terraform would do, of which the topology knows nothing; all of it may come from anybody's module.
LYING = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": f'module.mine["{HOSTILE[0]}"].hcloud_firewall.this',
            "mode": "managed",
            "type": "hcloud_firewall",
            "name": "this",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {
                    "rule": [
                        {"direction": "in", "protocol": "tcp", "port": "3306", "source_ips": ["0.0.0.0/0", "::/0"]}
                    ]
                },
            },
        },
        {
            "address": 'module.nodes.hcloud_volume.this["store1-mail"]',
            "module_address": "module.nodes",
            "mode": "managed",
            "type": "hcloud_volume",
            "name": "this",
            "index": "store1-mail",
            "change": {
                "actions": ["delete", "create"],
                "before": {"location": "fsn1"},
                "after": {"location": "nbg1"},
                "replace_paths": [["location"]],
            },
        },
    ],
}

CHANGES: dict[str, Callable[[], tuple[dict[str, Any] | None, dict[str, Any]]]] = {
    "mixed": mixed,
    "imap": lambda: opens_imap(example("five-nodes-aws")),
    "gateway": lambda: (
        example("five-nodes-hetzner"),
        {**example("five-nodes-hetzner"), "exposure": "gateway", "host_firewall": True},
    ),
    "router": lambda: opens_imap(example("five-nodes-libvirt")),
    "nothing": lambda: (example("single-aws"), example("single-aws")),
    "new": lambda: (None, example("gateway-hetzner")),
    "long-names": long_names,
    "hundred": hundred,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


class Made(msgspec.Struct):
    """A page and what it is made of."""

    text: str
    review: dict[str, Any]
    plans: tuple[dict[str, Any] | None, dict[str, Any]]


@pytest.fixture(scope="module")
def made(folder: Path) -> Callable[[str], Made]:
    @cache
    def make(name: str) -> Made:
        old, new = CHANGES[name.removesuffix("-lying")]()
        place = folder / name
        plans: list[dict[str, Any] | None] = []
        for side, content in (("old", old), ("new", new)):
            (place / side).mkdir(parents=True)
            if content is None:
                plans.append(None)
                commit(place)
                continue
            (place / side / "topology.yaml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
            plans.append(json.loads(run_cli(place / side, "plan", "--json").out))
        more = []
        if name.endswith("-lying"):
            (place / "plan.json").write_text(json.dumps(LYING), "utf-8")
            more = ["--plan", "../plan.json"]
        base = "HEAD" if old is None else "../old/topology.yaml"
        found = run_cli(place / "new", "review", "--base", base, *more, "--write", "out")
        assert found.code == 0, found.err
        review = json.loads((place / "new" / "out" / "review.json").read_text("utf-8"))
        return Made((place / "new" / "out" / "review.html").read_text("utf-8"), review, (plans[0], plans[1] or {}))

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if why := pictures.why_no_browser():
        pytest.skip(why)
    with pages.browser() as started:
        yield started


def commit(folder: Path) -> None:
    """Make a repository that holds nothing yet."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", *identity, "commit", "--quiet", "--allow-empty", "--message=Begin"], cwd=folder, check=True)


def drawn(text: str) -> list[str]:
    return re.findall(r"<svg .*?</svg>", text, re.DOTALL)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)


@pytest.mark.many(4)
@pytest.mark.parametrize("name", [*CHANGES, "mixed-lying"])
def test_it_loads_and_complains_of_nothing(name: str, made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made(name).text) as one:
        one.page.wait_for_function("!document.getElementById('filter').hidden")
        assert not one.requests
        assert not one.said
        assert len(one.seen("svg")) == 1


@pytest.mark.parametrize("name", ["mixed-lying", "hundred"])
def test_nothing_of_the_review_is_missing(name: str, made: Callable[[str], Made], browser: Any) -> None:
    one = made(name)
    with pages.opened(browser, one.text, java_script_enabled=False) as shown:
        text = " ".join(shown.page.locator("main").text_content().split())
    names = {
        leaf
        for part in ("reach", "losses", "machines", "volumes", "records", "configure", "cautions", "disagreements")
        for entry in one.review[part]
        for key, value in entry.items()
        if key in ("nodes", "names", "ranges", "ports", "services", "node", "key", "subject", "address", "name")
        or key in ("before", "after", "command", "message", "mend", "meanwhile")
        for leaf in leaves(value)
        if leaf != "0.0.0.0/0"  # The Internet, in a word.
    }
    assert len(names) > 100 if name == "hundred" else len(names) > 50
    missing = [leaf for leaf in names if " ".join(leaf.split()).rstrip(".") not in text]
    assert not missing


def reached(plan: dict[str, Any] | None, source: str) -> set[tuple[str, str]]:
    """Return ports and machines that a source reaches."""
    nodes = {} if plan is None else plan["nodes"]
    return {
        (f"{flow['ports']}/{flow['protocol']}", name)
        for flow in (plan or {"flows": []})["flows"]
        for name, node in nodes.items()
        if flow["source"] == source and (flow["target"] in node["roles"] or flow["target"] == "*" != node["roles"][0])
        if not (flow["target"] == "*" and node["roles"] == ["gateway"])
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixed", "gateway", "router", "new", "hundred"])
def test_the_table_says_what_the_internet_reaches(name: str, made: Callable[[str], Made], browser: Any) -> None:
    one = made(name)
    with pages.opened(browser, one.text, java_script_enabled=False) as shown:
        rows = shown.page.eval_on_selector_all(
            "#ways tbody tr[data-zone=internet]",
            "(rows) => rows.map((row) => [row.cells[0].innerText, row.cells[1].innerText,"
            " [...row.cells[3].querySelectorAll('code')].map((code) => code.textContent)])",
        )
    said: dict[str, set[tuple[str, str]]] = {"opened": set(), "closed": set(), "as before": set()}
    for port, change, nodes in rows:
        said[change.split()[-1] if change != "as before" else change] |= {(port, node) for node in nodes}
    old, new = (reached(plan, "internet") for plan in one.plans)
    assert said == {"opened": new - old, "closed": old - new, "as before": old & new}


def test_the_pictures_mark_what_changes(made: Callable[[str], Made]) -> None:
    after, before = map(pictures.parse, drawn(made("mixed-lying").text))
    said = {line for arrow in pictures.arrows(after) for line in arrow.lines}
    assert ("+ tcp 995", "opened: external POP3 secure access") in said
    assert ("+ tcp 3306", "opened: no flow of the topology asks for it") in said
    assert not [line for line in said if line[0] == "+ tcp 25"], "what a new machine brings is marked on the machine"
    assert ("+ tcp 22", "opened for 203.0.113.0/24: SSH access") in said
    said = {line for arrow in pictures.arrows(before) for line in arrow.lines}
    assert ("\N{MINUS SIGN} tcp 143", "closed: external IMAP services") in said
    assert ("\N{MINUS SIGN} tcp 22", "closed for 198.51.100.128/25: SSH access") in said
    cards = pictures.nodes(after)
    assert "+ new" in cards["mta2"]
    assert "! store1-mail destroyed and made anew" in " ".join(cards["store1"])
    assert "\N{NOT EQUAL TO} changes: roles" in " ".join(cards["infra1"])
    assert "\N{MINUS SIGN} goes, is destroyed" in " ".join(pictures.nodes(before)["files1"])
    assert not [line for line in cards["mta1"] if line[0] in "+!"]


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
        pytest.param("mixed-lying", {}, id="light"),
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


def test_a_link_opens_what_is_folded(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("hundred").text) as one:
        assert not one.seen("#inside li")
        one.page.click("nav a[href='#inside']")
        one.page.wait_for_function("document.querySelector('#inside details').open")
        assert one.seen("#inside li")


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


@pytest.mark.many(5)
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


def test_the_same_for_the_same(made: Callable[[str], Made], folder: Path) -> None:
    made("mixed-lying")
    words = ["review", "--base", "../old/topology.yaml", "--plan", "../plan.json", "--html"]
    for seed in ("1", "2"):
        again = subprocess.run(
            [sys.executable, "-m", "generator", *words],
            cwd=folder / "mixed-lying" / "new",
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
            capture_output=True,
            check=True,
        )
        assert again.stdout.decode() == made("mixed-lying").text


def test_a_hundred_nodes_are_no_large_file(made: Callable[[str], Made]) -> None:
    assert len(made("hundred").text.encode()) <= MOST_BYTES


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


def test_formats_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(yaml.safe_dump(example("single-aws")), "utf-8")
    result = run_cli(tmp_path, "review", "--html", "--json")
    assert result.code == 2
    assert "--html" in result.err


def test_what_is_dangerous_stands_at_the_top(made: Callable[[str], Made], browser: Any) -> None:
    with pages.opened(browser, made("mixed-lying").text) as one:
        assert one.seen("h1") == ["✖ Dangerous"]
        answers = one.seen(".answers > .bad")
        assert answers[0].startswith("The Internet reaches ✖ danger 5 more, 3 less 3306/tcp, 995/tcp, 25/tcp, 443/tcp")
        assert answers[1].startswith("Destroyed or replaced ✖ danger 1 volume store1-mail; what it holds is lost")
        assert answers[2].startswith("Terraform's plan ✖ danger disagrees in ")
        bottom = one.page.evaluate("document.querySelector('.answers').getBoundingClientRect().bottom")
        assert bottom < 800, "not on the first screen"
        for link in one.page.locator(".answers a").all():
            assert one.page.locator(link.get_attribute("href")).count() == 1
    with pages.opened(browser, made("nothing").text) as one:
        assert one.seen("h1") == ["✔ Nothing dangerous in the topology"]
        assert not one.seen(".answers > .bad, .answers > .care")


def test_what_cannot_be_compared_is_not_called_the_same(tmp_path: Path, browser: Any) -> None:
    (tmp_path / "topology.yaml").write_text(yaml.safe_dump(example("five-nodes-hetzner")), "utf-8")
    (tmp_path / "old.yaml").write_text("domain: [", "utf-8")
    (tmp_path / "plan.json").write_text(json.dumps(LYING), "utf-8")
    found = run_cli(tmp_path, "review", "--base", "old.yaml", "--plan", "plan.json", "--html")
    assert found.code == 2
    with pages.opened(browser, found.out) as one:
        assert one.seen("h1") == ["✖ Dangerous, and not all compared"]
        assert not [row for row in one.seen("#ways tr, #nodes tr") if "as before" in row]
        # Mail's records are lacking in this plan, so of them something is said.
        assert len(one.seen(".answers .plain")) == 2
        assert "! store1-mail destroyed and made anew" in one.seen("#nodes tr[data-node=store1]")[0]
        assert not one.seen("#changes")
        assert not one.said
