"""Hypothesis strategies: topologies that are right, and files that are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from hypothesis import strategies as st

from tests import hostile
from tests.oracle.admission import COMMERCIAL_ONLY, ROLES, SYSTEMS
from tests.oracle.expected import COMBINATIONS, SERVICES, Row, table

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com"
MANAGEMENT = ["198.51.100.0/24", "203.0.113.16/28", "192.0.2.7/32", "172.31.0.0/16"]
RANGES = ["203.0.113.128/25", "198.51.100.0/24", "192.0.2.64/26", "10.99.0.0/16"]
REGIONS = {"eu-central-1": "abc", "eu-west-1": "abc", "us-east-1": "abcdf"}
# Roles that the documents put on more than one node, or that do not mind.
REPEATED = ("mta", "proxy", "mailstore", "files", "docs", "preview", "tasks", "video")
Topology = dict[str, Any]


def dump(topology: Mapping[str, Any]) -> str:
    """Return a topology as YAML, keys in their order."""
    text: str = yaml.safe_dump(dict(topology), sort_keys=False, width=1000)
    return text


@st.composite
def node_names(draw: st.DrawFn, count: int) -> list[str]:
    """Distinct host names."""
    name = st.from_regex(r"\A[a-z]([a-z0-9-]{0,8}[a-z0-9])?\Z").filter(lambda text: text not in {"mail", "www"})
    return draw(st.lists(name, min_size=count, max_size=count, unique=True))


@st.composite
def layouts(draw: st.DrawFn, release: str, edition: str, count: int) -> list[list[str]]:
    """Roles of each of `count` nodes, as the documents admit them."""
    own = ROLES[release, edition]
    nodes: list[set[str]] = [set() for _ in range(count)]
    anywhere = st.integers(0, count - 1)

    def place(role: str, *, without: str = "", copies: int = 1) -> None:
        free = [node for node in nodes if without not in node and role not in node]
        for _ in range(min(copies, len(free))):
            node = free.pop(draw(st.integers(0, len(free) - 1)))
            node.add(role)

    for role in ("database", "mesh-and-directory", "proxy", "mta", "mailstore"):
        nodes[draw(anywhere)].add(role)
    if "database-connector" in own:
        nodes[draw(anywhere)].add("database-connector")
    optional = sorted(own & {*REPEATED, "monitoring", "log-server", "chats"} - {"mta", "proxy"})
    for role in draw(st.lists(st.sampled_from(optional), unique=True)):
        place(role)
    if "mesh" in own and count >= 3:
        place("mesh", without="mesh-and-directory", copies=draw(st.sampled_from([0, 0, 2])))
    if own >= COMMERCIAL_ONLY and count >= 4 and draw(st.booleans()):
        place("directory-replica", without="mesh-and-directory")
        place("event-streaming", copies=3)
    for node in nodes:
        if not node:
            node.add(draw(st.sampled_from(REPEATED)))
    used = set().union(*nodes)
    # Documents are edited and previewed where files are; calls need the chats of later releases.
    if used & {"docs", "preview"} and "files" not in used:
        place("files")
    if "video" in used and release != "24.1.0" and "chats" not in used:
        place("chats")
    return [sorted(node) for node in nodes]


@st.composite
def services(draw: st.DrawFn, release: str, edition: str, roles: set[str]) -> dict[str, Any]:
    """A choice of the services that the release and edition have, for roles that are there."""
    rows = table(release, edition)
    offered = [
        name
        for name, (role, ports, protocol) in SERVICES.items()
        if role in roles and Row("external", (role,), ports, protocol) in rows
    ]
    value = st.one_of(
        st.booleans(),
        st.just("management"),
        st.lists(st.sampled_from(RANGES), min_size=1, max_size=2, unique=True),
    )
    return draw(st.dictionaries(st.sampled_from(offered), value, max_size=5))


@st.composite
def topologies(draw: st.DrawFn, most_nodes: int = 12) -> Topology:
    """A topology that the generator has to accept, short forms and long ones."""
    release, edition = draw(st.sampled_from(COMBINATIONS))
    fewest, most = 1, most_nodes
    if (release, edition) == ("26.6", "community"):
        most = 1
    elif (release, edition) == ("24.1.0", "commercial"):
        fewest = 2
    count = draw(st.integers(fewest, most))
    roles = draw(layouts(release, edition, count))
    names = draw(node_names(count))
    region = draw(st.sampled_from(sorted(REGIONS)))
    topology: Topology = {
        "domain": draw(st.sampled_from(["example.com", "mail.example.org", "xn--bcher-kva.example"])),
        "release": release,
        "edition": edition,
        "cloud": {
            "provider": "aws",
            "region": region,
            # Counted like the real ones, only not what is tried here.
            "quotas": {"rules_per_group": 500, "elastic_ips": 50},
        },
        "management": draw(st.lists(st.sampled_from(MANAGEMENT), min_size=1, max_size=3, unique=True)),
        "ssh_keys": [SSH_KEY],
        "dns": draw(
            st.sampled_from(
                [
                    {"provider": "route53"},
                    {"provider": "none"},
                    {"provider": "route53", "existing_zone": True},
                    {"provider": "route53", "existing_zone": True, "delegated": True},
                    {"provider": "route53", "dmarc": {"reports": "postmaster@example.com"}},
                ]
            )
        ),
    }
    if topology["domain"].startswith("mail."):
        # Some providers host whole domains only.
        topology["dns"] = {**topology["dns"], "zone": "example.org"}
    draw(choices(topology, region, set().union(*roles)))
    stores = sum("mailstore" in own for own in roles)
    topology["users"] = draw(st.integers(stores, 1000 * stores))
    topology["mailbox_quota"] = f"{draw(st.integers(1, 10))} GB"
    if draw(st.booleans()):
        topology["headroom"] = "20 %"
    topology["nodes"] = {name: draw(nodes(own, edition)) for name, own in zip(names, roles, strict=True)}
    return topology


@st.composite
def choices(draw: st.DrawFn, topology: Topology, region: str, roles: set[str]) -> None:
    """Add to a topology what may be left out."""
    release, edition = topology["release"], topology["edition"]
    if draw(st.booleans()):
        topology["os"] = draw(st.sampled_from(sorted(SYSTEMS[release])))
    if draw(st.booleans()):
        zones = draw(st.lists(st.sampled_from(REGIONS[region]), min_size=1, max_size=3, unique=True))
        topology["cloud"]["zones"] = [f"{region}{zone}" for zone in zones]
    if draw(st.booleans()):
        topology["network"] = {"cidr": draw(st.sampled_from(["10.0.0.0/20", "172.20.0.0/16"]))}
    chosen = draw(services(release, edition, roles))
    if chosen:
        topology["services"] = chosen
    if draw(st.integers(0, 9)) == 0:
        topology["troubleshooting"] = ["open-internal"]


@st.composite
def nodes(draw: st.DrawFn, roles: list[str], edition: str) -> Any:
    """One node with these roles: the list alone, or a mapping."""
    node: dict[str, Any] = {"roles": roles}
    if "video" in roles and draw(st.booleans()):
        node["concurrent_users"] = draw(st.integers(1, 500))
        if edition == "commercial":
            node["recording"] = f"{draw(st.integers(1, 1000))} hours"
    if draw(st.integers(0, 4)) == 0:
        node["type"] = "m6i.8xlarge"
    return roles if len(node) == 1 and draw(st.booleans()) else node


BASE: Topology = {
    "domain": "example.com",
    "release": "24.1",
    "edition": "commercial",
    "os": "ubuntu-20.04",
    "cloud": {"provider": "aws", "region": "eu-central-1"},
    "management": ["198.51.100.0/24"],
    "ssh_keys": [SSH_KEY],
    "users": 150,
    "mailbox_quota": "5 GB",
    "services": {"imap": True},
    "dns": {"provider": "route53", "dmarc": {"policy": "none"}},
    "nodes": {
        "infra1": {"roles": ["database", "database-connector", "mesh-and-directory", "monitoring"]},
        "mta1": {"roles": ["mta", "proxy"]},
        "store1": {"roles": ["mailstore", "tasks"]},
        "files1": {"roles": ["files", "docs", "preview"]},
        "video1": {"roles": ["video"]},
    },
}
REQUIRED = ("domain", "release", "cloud", "management", "nodes")
# Values of the wrong kind: no key of a topology accepts any of them.
WRONG = ["{a: {b: c}}", "[[1]]", "-1", "0.5", "'\u2028'", '"${var.x}"', "[{}]", "!!set {a}"]
TOP_KEY = re.compile(r"^([a-z_]+):", re.MULTILINE)
ANY_KEY = re.compile(
    r"^ *(domain|release|edition|os|cloud|management|ssh_keys|users|mailbox_quota|services|dns"
    r"|nodes|provider|region|dmarc|policy|roles|imap)(?=:)",
    re.MULTILINE,
)


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """A file that is no topology: a right one with one damage that cannot go unnoticed, or more."""
    text = dump(BASE)
    for damage in draw(st.lists(st.sampled_from(DAMAGES), min_size=1, max_size=2)):
        text = damage(draw, text)
    return text.encode()


@st.composite
def scratched_files(draw: st.DrawFn) -> bytes:
    """A topology after blind changes: it may still be one."""
    lines = dump(BASE).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(lines) - 1))
        scratch = draw(st.integers(0, 5))
        if scratch == 0 and len(lines) > 1:
            del lines[index]
        elif scratch == 1:
            lines.insert(draw(st.integers(0, len(lines))), lines[index])
        elif scratch == 2:
            lines[index] = " " * draw(st.integers(1, 5)) + lines[index]
        elif scratch == 3:
            lines[index] = lines[index].lstrip(" ")
        elif scratch == 4:
            lines[index] = lines[index][: draw(st.integers(0, len(lines[index])))]
        else:
            key = lines[index].partition(":")[0]
            value = draw(st.one_of(st.sampled_from(sorted(hostile.STRINGS.values())), st.text()))
            lines[index] = f"{key}: {value}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@st.composite
def scratched_overlays(draw: st.DrawFn) -> bytes:
    """A part of a topology as an overlay, with nulls, maybe scratched."""
    keys = draw(st.lists(st.sampled_from(sorted(BASE)), max_size=4, unique=True))
    part = {key: draw(st.sampled_from([BASE[key], None, {}, [], "x"])) for key in keys}
    if "nodes" in part and draw(st.booleans()):
        node = draw(st.sampled_from([None, ["mta"], {"type": "m6i.8xlarge"}, {"roles": None}, {}]))
        part["nodes"] = {draw(st.sampled_from([*BASE["nodes"], "new1"])): node}
    text = dump(part)
    at = draw(st.integers(0, len(text)))
    scratch = draw(st.sampled_from(["", "", "", "\t", "${X}", "&a *a", "\u2028", "é", "\0", ": ", "<<: ", "]"]))
    return f"{text[:at]}{scratch}{text[at:]}".encode()


@st.composite
def assignments(draw: st.DrawFn) -> str:
    """What somebody may write after `--set`."""
    steps = st.one_of(
        st.sampled_from(["cloud", "nodes", "mta1", "roles", "dns", "dmarc", "users", "management", "domains", "type"]),
        st.sampled_from(['"example.org"', "roles[0]", "management[1]", "x[99]", "", "<<", "~", "'", "${A}"]),
        st.text(max_size=5),
    )
    path = ".".join(draw(st.lists(steps, max_size=4)))
    values = st.one_of(
        st.sampled_from(
            ["1", "", "~", "[]", "{}", "{type: x}", "m6i.xlarge", "&a [*a]", "#", "[", "$HOME", "- a", "a: b"]
        ),
        st.sampled_from(sorted(hostile.STRINGS.values())),
        st.text(max_size=10),
    )
    return f"{path}{draw(st.sampled_from(['=', '=', '=', '', ' = ']))}{draw(values)}"


Damage = Callable[[st.DrawFn, str], str]


def _misspelt_key(draw: st.DrawFn, text: str) -> str:
    keys = list(ANY_KEY.finditer(text))
    if not keys:
        return _control_character(draw, text)
    found = draw(st.sampled_from(keys))
    # A letter that no key ends with, so that one key never turns into another.
    at = draw(st.integers(found.start(1), found.end(1)))
    return f"{text[:at]}q{text[at:]}"


def _duplicate_key(draw: st.DrawFn, text: str) -> str:
    keys = TOP_KEY.findall(text)
    return f"{text}\n{draw(st.sampled_from(keys))}: x\n" if keys else _control_character(draw, text)


def _missing_key(draw: st.DrawFn, text: str) -> str:
    key = draw(st.sampled_from(REQUIRED))
    return re.sub(rf"^{key}:.*\n(?:[ -].*\n)*", "", text, flags=re.MULTILINE)


def _tab(draw: st.DrawFn, text: str) -> str:
    at = text.find("\n", draw(st.integers(0, len(text) - 1))) + 1
    return f"{text[:at]}\tkey: value\n{text[at:]}"


def _control_character(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    return f"{text[:at]}{draw(st.sampled_from(chr(1) + chr(7) + chr(0)))}{text[at:]}"


def _cut(draw: st.DrawFn, text: str) -> str:
    return f"{text[: draw(st.integers(0, len(text)))]}\n{{[:\n"


def _wrong_value(draw: st.DrawFn, text: str) -> str:
    keys = list(ANY_KEY.finditer(text))
    if not keys:
        return _control_character(draw, text)
    found = draw(st.sampled_from(keys))
    end = text.find("\n", found.end())
    rest = re.sub(rf"\A(?:\n {{{found.start(1) - found.start() + 1},}}.*|\n *-.*)*", "", text[end:])
    return f"{text[: found.end()]}: {draw(st.sampled_from(WRONG))}{rest}"


def _misspelt_role(draw: st.DrawFn, text: str) -> str:
    del draw
    return text.replace("- mta", "- mtaa", 1) if "- mta" in text else f"{text}\n\tx"


def _bad_name(draw: st.DrawFn, text: str) -> str:
    bad = draw(st.sampled_from(["Store1", "store_1", '"store 1"', "1store", '"st\\nore"', "store-"]))
    return text.replace("  store1:", f"  {bad}:", 1) if "  store1:" in text else f"{text}\n\tx"


DAMAGES: list[Damage] = [
    _misspelt_key,
    _duplicate_key,
    _missing_key,
    _tab,
    _control_character,
    _cut,
    _wrong_value,
    _misspelt_role,
    _bad_name,
]
