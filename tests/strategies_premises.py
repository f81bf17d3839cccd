"""Hypothesis strategies: hypervisors whose addresses, ranges and names were chosen without thinking."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.oracle.variants import DIRECT, EXTERNAL, PEER, Variant, on
from tests.strategies import BASE, Topology

ADDRESSES = [
    "10.20.0.1",
    "10.20.0.12",
    "10.20.240.10",
    "10.20.255.255",
    "203.0.113.0",
    "203.0.113.1",
    "203.0.113.10",
    "203.0.113.15",
    "198.51.100.7",
    "192.168.150.1",
    "0.0.0.0",  # noqa: S104
    "255.255.255.255",
    "::1",
    "x",
    "",
    10,
    None,
]
RANGES = [
    "10.20.0.0/16",
    "10.20.0.0/24",
    "10.98.0.0/24",
    "192.168.150.0/24",
    "192.168.150.0/30",
    "203.0.113.0/28",
    "203.0.113.10/31",
    "203.0.113.10/32",
    "0.0.0.0/0",
    "",
    [],
]
NAMES = ["br0", "default", "", "x" * 40, "bad name", None]
EXPOSURES = (DIRECT, EXTERNAL, Variant("gateway", "no"), Variant("gateway", "yes"), Variant("direct", "yes"))

_address, _range, _name = st.sampled_from(ADDRESSES), st.sampled_from(RANGES), st.sampled_from(NAMES)
_uplink = {"bridge": _name, "network": _name, "cidr": _range, "router": _address}
_machine = st.sampled_from(["mta1", "video1", "infra1", "gateway", "nobody"])
CLOUD: dict[str, st.SearchStrategy[Any]] = {
    "uplink": st.fixed_dictionaries({}, optional=_uplink),
    "public_address": _address,
    "public_addresses": st.dictionaries(_machine, _address, max_size=4),
}
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "network": st.fixed_dictionaries({}, optional={"cidr": _range, "router": _address}),
    "vpn": st.fixed_dictionaries({"peers": st.just({"alice": PEER})}, optional={"range": _range}),
    "forward": st.sampled_from([{"smtp": ["mta1"]}, {"video": ["video1"]}, {"smtp": []}]),
    "host_firewall": st.booleans(),
    "management": st.lists(_range, min_size=1, max_size=2),
    "dns": st.fixed_dictionaries({"provider": st.just("none")}, optional={"forwarders": st.lists(_address)}),
}


@st.composite
def scratched_premises(draw: st.DrawFn) -> Topology:
    """A right topology on a hypervisor of which some values were exchanged: it may still be one."""
    found = on("libvirt", copy.deepcopy(BASE), draw(st.sampled_from(EXPOSURES)))
    for key in draw(st.sets(st.sampled_from(sorted({*CLOUD, *OTHERS})), min_size=1, max_size=3)):
        if key in CLOUD:
            found["cloud"][key] = draw(CLOUD[key])
        else:
            found[key] = draw(OTHERS[key])
    return found
