"""Fixtures of all tests. No test sees the credentials of whoever runs it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.terraform import PROGRAMS, Program, find

if TYPE_CHECKING:
    from generator.rehearse.aws_simulator import AwsSimulator

# Whoever runs the tests in the background may have it ignored, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

PRIVATE = ("AWS_", "HCLOUD_", "OS_", "TF_VAR_", "TF_CLI_ARGS", "TF_TOKEN_")

# Deadlines measure the machine, and the same examples on every run make a failure repeatable.
settings.register_profile(
    "project",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("project")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first, those of AWS before all: they mostly wait, and must not be alone at the end.

    Of the cases of a test that is marked `many(n)` each nth stays, and the rest become slow. Where n has no divisor in
    common with the number of any parameter's values, all of these values are among what stays.
    """
    rest = _rest(items)
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, "aws" not in item.name))
    for item in rest:
        item.add_marker("slow")


def _rest(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the cases that are left out where one in so many is enough."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("many") is not None:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    found = []
    for alike in cases.values():
        many = alike[0].get_closest_marker("many")
        assert many is not None
        found += [item for number, item in enumerate(alike) if number % many.args[0]]
    return found


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
