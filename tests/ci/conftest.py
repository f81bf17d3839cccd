"""What the tests of pipelines share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.rehearse.hetzner.simulator import HetznerSimulator
from tests.ci.code_host import code_host
from tests.ci.pipeline import Pipeline
from tests.ci.repository import Repository
from tests.state_server import state_server
from tests.terraform import find


@pytest.fixture
def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pipeline]:
    """With Terraform, unless the test asks for another program."""
    program = find(getattr(request, "param", "terraform"))
    program.need("hetznercloud/hcloud")
    with state_server() as states, code_host() as host, HetznerSimulator() as cloud:
        state = f"state: {{backend: gitlab, project: 7, server: '{states.url}'}}\n"
        yield Pipeline(Repository(tmp_path, program, state), states, host, cloud)
