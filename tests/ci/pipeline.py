"""A repository with everything that a pipeline reaches: a state, a code host, a cloud."""

from __future__ import annotations

import json
from pathlib import Path

from generator.rehearse.hetzner.simulator import HetznerSimulator
from tests.ci.code_host import TOKEN, CodeHost
from tests.ci.repository import Repository
from tests.state_server import StateServer

STATE = "/api/v4/projects/7/terraform/state/example-com"


class Pipeline:
    """A repository with everything that a pipeline reaches."""

    def __init__(self, repository: Repository, states: StateServer, host: CodeHost, cloud: HetznerSimulator) -> None:
        self.repository = repository
        self.states = states
        self.host = host
        self.credentials = {**states.credentials, **cloud.environment()}
        self.pull_request = {
            **self.credentials,
            **repository.event(),
            "GITHUB_API_URL": host.url,
            "GITHUB_TOKEN": TOKEN,
        }

    @property
    def plan(self) -> Path:
        """Where the plan is kept."""
        return self.repository.folder / "ci" / "out" / "plan"

    def write_state(self) -> None:
        """Write the state as somebody else's apply does."""
        state = json.loads(self.states.states[STATE])
        state["serial"] += 1
        self.states.states[STATE] = json.dumps(state).encode()
