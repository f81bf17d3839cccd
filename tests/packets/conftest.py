"""What every bench needs: root, the programs, and room for sockets."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers import build_tree, run_cli
from tests.packets.namespaces import missing
from tests.packets.world import World

_FILES = 16384


@pytest.fixture(scope="session", autouse=True)
def _room() -> None:
    """Skip where no bench can be made, and allow thousands of sockets."""
    why = missing("nft")
    if why:
        pytest.skip(why)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, _FILES)), hard))


Make = Callable[[Mapping[str, Any]], World]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Make]:
    """A function from a topology to its machines, with nothing loaded yet; they go when the test ends."""
    with ExitStack() as stack:

        def make(topology: Mapping[str, Any]) -> World:
            why = missing("firewalld", "firewall-cmd", "dbus-daemon") if topology["os"].startswith("rhel") else ""
            if why:
                pytest.skip(why)
            folder = build_tree(tmp_path / "out", {"topology.yaml": yaml.safe_dump(dict(topology), sort_keys=False)})
            result = run_cli(folder, "--no-init")
            assert result.code == 0, result.err
            provider = topology["cloud"]["provider"]
            made = World(folder, tmp_path, translated=provider == "aws", switched=provider == "libvirt")
            return stack.enter_context(made)

        yield make
