"""The simulator as a process: how it starts, what it prints, how it ends."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest
from hcloud import Client

from generator.rehearse.hetzner.simulator import HetznerSimulator, SimulatorError
from tests.helpers import ROOT


def test_it_answers_while_it_is_entered() -> None:
    with HetznerSimulator(snapshots=["4711,os=rhel-8"], existing_zones=["example.com"], ssh_keys=["ops"]) as simulator:
        environment = simulator.environment()
        token, endpoint = environment["HCLOUD_TOKEN"], environment["HCLOUD_ENDPOINT"]
        assert len(token) == 64
        assert endpoint == f"{simulator.url}/v1"
        client = Client(token=token, api_endpoint=endpoint)
        assert client.images.get_by_id(4711).labels == {"os": "rhel-8"}
        assert client.zones.get("example.com").name == "example.com"
        assert client.ssh_keys.get_by_name("ops") is not None
    with pytest.raises(SimulatorError, match="is not running"):
        _ = simulator.url
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(endpoint, timeout=5)  # noqa: S310 - the simulator's own address


def test_it_ends_when_its_input_closes() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "generator.rehearse.hetzner.simulator"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        host, port = line.removeprefix("listening ").strip().split(":")
        with socket.create_connection((host, int(port)), timeout=5):
            pass
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_without_flask_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def hide(name: str, *rest: Any) -> Any:
        return None if name == "flask" else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", hide)
    with pytest.raises(SimulatorError, match="needs flask") as caught, HetznerSimulator():
        pass
    assert "[rehearse]" in caught.value.mend


def test_a_fault_that_is_none_is_told() -> None:
    with pytest.raises(SimulatorError, match="no fault: 418"), HetznerSimulator(faults=["418"]):
        pass


def test_importing_the_class_loads_neither_flask_nor_moto() -> None:
    heavy = {"flask", "moto", "werkzeug"}
    probe = f"import sys, generator.rehearse.hetzner.simulator; print(sorted({heavy} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "[]"
