"""Fixtures of the tests of a node's programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.node.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A freshly booted machine with one blank data volume."""
    return Machine(tmp_path)
