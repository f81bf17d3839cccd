"""A deployment that asks for all that DNS can say, and a server's right answers about it."""

from __future__ import annotations

import pytest

from tests.verify.deployment import REVERSE, Deployment, deploy, full_dns
from tests.verify.scripted import Answers


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy(tmp_path_factory.mktemp("full") / "mail", full_dns())


@pytest.fixture(scope="module")
def right(deployment: Deployment) -> Answers:
    return Answers({"example.com": deployment.zone, **REVERSE})
