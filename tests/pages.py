"""Opens a page as a browser does, with nothing else to be had, and asks axe-core about it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.helpers import ROOT

ADDRESS = "http://review.test/"
AXE = ROOT / ".build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"


class Opened(msgspec.Struct):
    """A page in a browser.

    Attributes:
        page: Of Playwright.
        requests: What it asked for beside itself; none of it was answered.
        said: Errors and warnings of the console, and exceptions.
    """

    page: Any
    requests: list[str]
    said: list[str]

    def seen(self, selector: str) -> list[str]:
        """Return the texts of the elements that are displayed."""
        found = self.page.evaluate(_SEEN, selector)
        return [" ".join(text.split()) for text in found]


_SEEN = """(selector) => [...document.querySelectorAll(selector)]
  .filter((one) => one.checkVisibility({opacityProperty: false, visibilityProperty: true}))
  .map((one) => one.textContent)"""


@contextmanager
def browser() -> Iterator[Any]:
    """Start a browser and end it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(started: Any, text: str, *, width: int = 1280, **options: Any) -> Iterator[Opened]:
    """Open a page.

    Args:
        started: The browser.
        text: The page.
        width: Of the window.
        options: For the context, such as `color_scheme`.
    """
    context = started.new_context(viewport={"width": width, "height": 800}, **options)
    try:
        page = context.new_page()
        found = Opened(page, [], [])

        def answer(route: Any) -> None:
            if route.request.url == ADDRESS and not answered:
                answered.append(True)
                route.fulfill(body=text, content_type="text/html; charset=utf-8")
            else:
                found.requests.append(route.request.url)
                route.abort()

        def dismiss(dialog: Any) -> None:
            found.said.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        answered: list[bool] = []
        context.route("**/*", answer)
        page.on("console", lambda one: found.said.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda one: found.said.append(f"exception: {one}"))
        page.on("dialog", dismiss)
        page.goto(ADDRESS)
        yield found
    finally:
        context.close()


def why_no_axe() -> str:
    """Return why axe-core cannot be asked, or nothing."""
    return "" if AXE.exists() else "no axe-core here (script/axe brings it where node and npm are)"


def grave(one: Opened) -> list[str]:
    """Return what axe-core finds serious or critical; the context has to let it past the page's own policy."""
    one.page.evaluate(AXE.read_text("utf-8"))
    found = one.page.evaluate("() => axe.run(document)")
    assert len(found["passes"]) > 20, "axe-core did not look"
    return [
        f"{problem['id']}: {node['target']} {node['failureSummary']}"
        for problem in found["violations"]
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]
