"""DNS inside, by dnsmasq with the rendered file, asked by the nodes through the rules of all machines."""

from __future__ import annotations

import subprocess
import time
from contextlib import closing, suppress

import pytest

from generator.plan import Record, RecordValue, Resolver
from generator.render.dnsmasq import dnsmasq
from tests.packets.conftest import Make
from tests.packets.nameserver import FROM_OUTSIDE, Reply, Upstream, ask
from tests.packets.namespaces import ended, missing
from tests.packets.topologies import DIRECT, gateway
from tests.packets.world import UPSTREAM, World

_PUBLIC_KEY = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
_NOTHING = Reply(0, ())
_NO_SUCH_NAME = Reply(3, ())


@pytest.fixture(params=["gateway", "two nodes"])
def bench(request: pytest.FixtureRequest, world: Make) -> World:
    why = missing("dnsmasq")
    if why:
        pytest.skip(why)
    made = world(DIRECT["hetzner"] if request.param == "two nodes" else gateway("hetzner", _PUBLIC_KEY))
    made.load()
    made.keep(closing(Upstream(made.outside, UPSTREAM)))
    return made


def _start(bench: World, name: str) -> subprocess.Popen[bytes]:
    file = bench.work / name / "etc/dnsmasq.d/carbonio.conf"
    words = ["dnsmasq", "--keep-in-foreground", f"--conf-file={file}", "--pid-file=", "--user=root"]
    return bench.machines[name].start(*words, log=bench.work / f"{name}.dnsmasq.log")


def _resolvers(bench: World) -> list[str]:
    found = [name for name, data in bench.data.items() if "/etc/dnsmasq.d/carbonio.conf" in data["files"]]
    assert found
    return found


def _first_answer(bench: World, asking: str, server: str) -> Reply:
    """Ask until there is somebody who answers."""
    for _ in range(30):
        with suppress(TimeoutError, ConnectionRefusedError):
            return ask(bench.machines[asking], server, "mta1.example.com", "A", 0.3)
        time.sleep(0.1)
    raise TimeoutError


def test_names_of_the_deployment_are_answered_and_everything_else_is_asked(bench: World) -> None:
    for resolver in _resolvers(bench):
        server = bench.address(resolver)
        for _ in range(2):  # the second time after a restart
            with ended(_start(bench, resolver)):
                asking = next(name for name in bench.nodes if name != resolver)
                assert _first_answer(bench, asking, server) == Reply(0, (bench.address("mta1"),))
                _judge(bench, asking, server)


def _judge(bench: World, asking: str, server: str) -> None:
    machine = bench.machines[asking]
    for name in bench.data:
        fqdn = f"{name}.example.com"
        assert ask(machine, server, fqdn, "A") == Reply(0, (bench.address(name),))
        # Outside, this name has an IPv6 address by a wildcard.
        assert ask(machine, server, fqdn, "AAAA") == _NOTHING
        reverse = ".".join(reversed(bench.address(name).split("."))) + ".in-addr.arpa"
        (name_of_it,) = ask(machine, server, reverse, "PTR").values
        assert ask(machine, server, name_of_it, "A").values == (bench.address(name),)
    mtas = [name for name in bench.nodes if name.startswith("mta")]
    shared = len(mtas) == 1
    targets = ["mail"] if shared else mtas
    mx = tuple(f"10 {name}.example.com" for name in targets)
    assert ask(machine, server, "mail.example.com", "A") == Reply(0, (bench.address("mta1"),))
    assert ask(machine, server, "example.com", "MX") == Reply(0, mx)
    for name in ("example.com", "_dmarc.example.com", "s1._domainkey.example.com"):
        assert ask(machine, server, name, "TXT") == FROM_OUTSIDE["TXT"]
    for name in ("www.example.com", "example.com", "example.org"):
        assert ask(machine, server, name, "A") == FROM_OUTSIDE["A"]
        assert ask(machine, server, name, "AAAA") == FROM_OUTSIDE["AAAA"]
    assert ask(machine, server, "9.9.9.9.in-addr.arpa", "PTR") == _NOTHING
    for name, kind in (("mta1", "A"), ("200.0.20.10.in-addr.arpa", "PTR")):
        assert ask(machine, server, name, kind) == _NO_SUCH_NAME


def test_all_addresses_of_a_name_are_answered(bench: World) -> None:
    resolver = _resolvers(bench)[0]
    server = bench.address(resolver)
    addresses = ("10.20.0.98", "10.20.0.99")
    records = (
        _record("mta1.example.com", "10.20.0.98"),
        _record("mail.example.com", *addresses),
        _record("example.com", *addresses),
    )
    lines = dnsmasq(Resolver({resolver: server}, UPSTREAM, "example.com", records), server)
    (bench.work / resolver / "etc/dnsmasq.d/carbonio.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with ended(_start(bench, resolver)):
        asking = next(name for name in bench.nodes if name != resolver)
        _first_answer(bench, asking, server)
        for name in ("mail.example.com", "example.com"):
            assert ask(bench.machines[asking], server, name, "A") == Reply(0, addresses)
        # The first name of an address is its name in reverse, and the domain's own other names are asked outside.
        assert ask(bench.machines[asking], server, "98.0.20.10.in-addr.arpa", "PTR").values == ("mta1.example.com",)
        assert ask(bench.machines[asking], server, "www.example.com", "A") == FROM_OUTSIDE["A"]


def _record(name: str, *addresses: str) -> Record:
    return Record("example.com", name, "A", 300, tuple(map(RecordValue, addresses)), "required", "")


def test_it_waits_for_its_address(bench: World) -> None:
    resolver = _resolvers(bench)[0]
    machine, address = bench.machines[resolver], bench.address(resolver)
    machine.ip(f"address del {address}/32 dev private")
    with ended(_start(bench, resolver)) as process:
        time.sleep(0.5)
        assert process.poll() is None
        machine.ip(
            f"address add {address}/32 dev private",
            f"route replace 10.20.0.0/16 via 10.20.0.1 dev private onlink src {address}",
        )
        asking = next(name for name in bench.nodes if name != resolver)
        assert _first_answer(bench, asking, address) == Reply(0, (bench.address("mta1"),))
