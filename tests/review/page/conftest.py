"""Pages, each made once, and a browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import pages, pictures
from tests.helpers import run_cli
from tests.review.page.changes import CHANGES, LYING, Made, commit


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="session")
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
