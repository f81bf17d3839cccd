"""Fixtures of all tests. No test sees the credentials of whoever runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.terraform import PROGRAMS, Program, find

if TYPE_CHECKING:
    from generator.rehearse.aws_simulator import AwsSimulator

PRIVATE = ("AWS_", "HCLOUD_", "OS_", "TF_VAR_", "TF_CLI_ARGS", "TF_TOKEN_")

# Deadlines measure the machine, and the same examples on every run make a failure repeatable.
settings.register_profile(
    "project",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first, those of AWS before all: they mostly wait, and must not be alone at the end."""
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, "aws" not in item.name))


@pytest.fixture(autouse=True)
def _without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(PRIVATE):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")


@pytest.fixture(scope="session", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    """Terraform, then OpenTofu; skipped by name where one is missing."""
    return find(request.param)


@pytest.fixture(scope="session")
def terraform() -> Program:
    """Terraform alone, for what does not depend on the program."""
    return find("terraform")


@pytest.fixture
def aws() -> Iterator[AwsSimulator]:
    """A fresh simulator of AWS whose zone example.com is delegated."""
    from generator.rehearse.aws_simulator import AwsSimulator

    with AwsSimulator(delegated=["example.com"]) as simulator:
        yield simulator
