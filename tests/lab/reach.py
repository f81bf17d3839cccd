"""Every open flow answers, and every other does not: what the oracle says, tried with packets between real machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.lab import wires
from tests.lab.guests import Deployment, Guest, prober, together
from tests.lab.internet import MANAGEMENT, STRANGER
from tests.oracle.expected import GATEWAY, read
from tests.packets.expect import Expectations, Span, is_open

_HERE = Path(__file__).parent
_FIRST, _SECOND = 1.5, 6.0
"""Seconds that answers may take: at first, and where one that should come has not."""

_UNIT = "lab-listener"


class Case(NamedTuple):
    """Packets from one sender to one address.

    Attributes:
        sender: A machine's name; empty for a host outside.
        source: The address to send from; empty for what the route chooses.
        target: Where to.
        what: Both, in words.
        spans: What has to be open.
        seen: The sender's address as the other side has to see it.
    """

    sender: str
    source: str
    target: str
    what: str
    spans: tuple[Span, ...]
    seen: str


Found = dict[tuple[str, str, str, int], str]
"""What answered, by source, target, protocol and port; see `prober.py`."""


def wrong(deployment: Deployment) -> tuple[int, int, list[str]]:
    """Try everything; return how many probes there were, how many were answered, and what is not as it should be.

    Args:
        deployment: With all its machines booted.
    """
    guests = deployment.guests()
    resolvers = [name for name, guest in guests.items() if guest.address in guest.data["resolvers"]]
    expect = Expectations(read(deployment.topology), resolvers)
    ports = expect.candidates()
    together(list(guests.values()), lambda guest: _listen(guest, ports))
    try:
        cases = [*_between(guests, expect), *_outside(deployment, guests, expect)]
        by_sender: dict[str, list[Case]] = {}
        for case in cases:
            by_sender.setdefault(case.sender, []).append(case)
        with ThreadPoolExecutor(len(by_sender)) as pool:
            tried = pool.map(lambda sender: _try(guests.get(sender), by_sender[sender], ports), by_sender)
            answers = dict(zip(by_sender, tried, strict=True))
    finally:
        together(list(guests.values()), lambda guest: guest.ssh(f"systemctl stop {_UNIT}", codes=(0, 5)))
    faults = [text for case in cases for text in _judge(case, ports, answers[case.sender])]
    total = len(cases) * sum(map(len, ports.values()))
    return total, sum(map(len, answers.values())), faults


def _listen(guest: Guest, ports: dict[str, list[int]]) -> None:
    guest.ssh("mkdir -p /run/lab; cat >/run/lab/listener.py", (_HERE / "listener.py").read_text("utf-8"))
    start = (
        f"cat >/run/lab/ports; rm -f /run/lab/ports.ready; systemd-run -q --collect --unit={_UNIT} "
        "-p LimitNOFILE=65536 python3 /run/lab/listener.py /run/lab/ports; "
        "until test -e /run/lab/ports.ready; do sleep 1; done"
    )
    guest.ssh(start, json.dumps(ports))


def _between(guests: dict[str, Guest], expect: Expectations) -> Iterator[Case]:
    for sender, source in guests.items():
        for name, guest in guests.items():
            if sender != name:
                spans = expect.to_machine(name, sender, source.address)
                yield Case(sender, "", guest.address, f"{sender} -> {name}", tuple(spans), source.address)


def _outside(deployment: Deployment, guests: dict[str, Guest], expect: Expectations) -> Iterator[Case]:
    public = deployment.topology["cloud"]["public_address"]
    behind = deployment.topology["exposure"] == "gateway"
    for address, who in ((STRANGER, "a stranger"), (MANAGEMENT, "management")):
        spans = list(expect.through_gateway(address))
        if behind:
            spans += expect.to_machine(GATEWAY, "outside", address)
        yield Case("", address, public, f"{who} -> {public}", tuple(spans), address)
        for name, guest in guests.items():
            if name != GATEWAY:
                # Past a gateway nothing may come, whatever a node admits.
                spans = [] if behind else expect.to_machine(name, "outside", address)
                yield Case("", address, guest.address, f"{who} -> {name}", tuple(spans), address)


def _try(guest: Guest | None, cases: list[Case], ports: dict[str, list[int]]) -> Found:
    """Probe from one sender; what should answer and has not is asked once more, with patience."""
    found = _probe(guest, [(case, ports) for case in cases], _FIRST)
    late = []
    for case in cases:
        silent = {
            protocol: [
                port
                for port in numbers
                if is_open(case.spans, protocol, port) and (case.source, case.target, protocol, port) not in found
            ]
            for protocol, numbers in ports.items()
        }
        if any(silent.values()):
            late.append((case, silent))
    if late:
        found.update(_probe(guest, late, _SECOND))
    return found


def _probe(guest: Guest | None, asked: list[tuple[Case, dict[str, list[int]]]], seconds: float) -> Found:
    probes = [
        [case.source, case.target, protocol, numbers]
        for case, ports in asked
        for protocol, numbers in ports.items()
        if numbers
    ]
    task = {"seconds": seconds, "probes": probes}
    if guest is None:
        rows = prober(wires.INTERNET, task)
    else:
        program = (_HERE / "prober.py").read_text("utf-8").replace("@@ASKED@@", json.dumps(task))
        rows = json.loads(guest.ssh("python3 -", program, 900))
    return {(source, target, protocol, port): what for source, target, protocol, port, what in rows}


def _judge(case: Case, ports: dict[str, list[int]], found: Found) -> Iterator[str]:
    for protocol, numbers in ports.items():
        for port in numbers:
            answer = found.get((case.source, case.target, protocol, port))
            wanted = is_open(case.spans, protocol, port)
            what = f"{case.what} {protocol} {port}"
            if wanted and answer in (None, "refused"):
                yield f"{what}: {answer or 'silent'}, and should be open"
            elif not wanted and answer is not None:
                yield f"{what}: answered ({answer}), and should be closed"
            elif wanted and answer not in ("", case.seen):
                yield f"{what}: sees {answer}, not {case.seen}"
