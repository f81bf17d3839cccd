"""Reads the facts. Only the files of the release, edition or cloud in use are opened, and once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from generator.facts.base import EVERY_NODE, Edition, FactsError, Protocol
from generator.facts.cloud import CloudFacts, MachineType
from generator.facts.model import (
    Facts,
    MeshAgent,
    OperatingSystem,
    PortRow,
    ProcedurePort,
    Release,
    Role,
    Scenario,
    Service,
    SpfInclude,
)
from generator.facts.prices import PriceList
from generator.facts.procedure import Install, InstallStep, OrderNote, WrittenValue
from generator.facts.repositories import ExtraPackages, Repositories
from generator.facts.sizing import Hardware, RecordingPlace

_DATA = Path(__file__).with_name("data")
_EDITIONS: tuple[Edition, ...] = ("commercial", "community")
# The C loader is ten times as fast; PyYAML is built without it on some systems.
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = "tag:yaml.org,2002:str"
_T = TypeVar("_T")


@cache
def releases() -> Mapping[str, Release]:
    """Return the releases whose port tables are known, by name, the oldest first."""
    return {name: _struct({"name": name, **row}, Release) for name, row in _read("releases").items()}


def facts_version() -> str:
    """Return the version of the facts: the ISO date of the latest source that one of them has."""
    return str(_read("version")["date"])


@cache
def spf_includes() -> Mapping[str, SpfInclude]:
    """Return the known SPF records of companies that send for others, by name."""
    return {name: _struct(row, SpfInclude) for name, row in _read("spf-includes").items()}


def known_roles() -> Collection[str]:
    """Return the ids of all roles, whichever release and edition has them."""
    return tuple(_read("roles"))


def known_services() -> Collection[str]:
    """Return the ids of all services, whichever release and edition has them."""
    return tuple(_read("services"))


@cache
def load_facts(release: str, edition: str) -> Facts:
    """Return everything that is documented for one release and edition.

    Args:
        release: Name of a release or one of its aliases, such as `24.1.0` or `24.1`.
        edition: `commercial` or `community`.

    Raises:
        FactsError: There are no tables for the release, or it has no such edition.
    """
    found = _release(release)
    known = next((one for one in _EDITIONS if one == edition and one in found.editions), None)
    if known is None:
        editions = " and ".join(found.editions)
        raise FactsError(f'Carbonio {found.name} has the editions {editions}, not "{edition}"')
    if release != found.name:
        return load_facts(found.name, edition)
    return _assemble(found, known)


@cache
def load_cloud(provider: str) -> CloudFacts:
    """Return what is known of one cloud.

    Args:
        provider: Name of the cloud, such as `aws`.

    Raises:
        FactsError: There are no facts for that cloud.
    """
    known = sorted(file.stem for file in (_DATA / "clouds").glob("*.yaml"))
    if provider not in known:
        names = ", ".join(known)
        raise FactsError(f'there are no facts for the cloud "{provider}", only for {names}')
    data = _read(f"clouds/{provider}")
    limits = data["limits"]
    regions = data["regions"]
    return _struct(
        {
            **data,
            "regions": {name: _zones(name, regions[name]) for name in regions},
            "types": list(_machine_types(data["types"], data["sources"]["types"])),
            "limits": {
                **{name: row["value"] for name, row in limits.items()},
                "sources": {name: row["source"] for name, row in limits.items()},
            },
        },
        CloudFacts,
    )


@cache
def load_prices(provider: str) -> PriceList | None:
    """Return what a cloud asks for its things; None where nothing is for rent.

    Args:
        provider: Name of the cloud, such as `aws`.

    Raises:
        FactsError: There are no facts for that cloud.
    """
    types = load_cloud(provider).types
    if not (_DATA / "prices" / f"{provider}.yaml").is_file():
        return None
    data = _read(f"prices/{provider}")
    return _struct({**data, "machines": [_machine_prices(row, types) for row in data["machines"]]}, PriceList)


def _release(name: str) -> Release:
    for release in releases().values():
        if name == release.name or name in release.aliases:
            return release
    known = ", ".join(releases())
    raise FactsError(f'there is no port table for Carbonio "{name}", only for {known}')


def _assemble(release: Release, edition: Edition) -> Facts:
    """Read the files of one release and edition."""
    roles_file = _read(f"roles/{release.name}-{edition}")
    ports = _read(f"ports/{release.name}-{edition}")
    roles = _roles(release, roles_file["roles"])
    external = tuple(_port_rows(ports["external"]))
    systems = _read("operating-systems")
    repositories = _read("repositories")
    recording = _read("recording").get(release.name, {}).get(edition)
    return Facts(
        release=release,
        edition=edition,
        roles=roles,
        external=external,
        internal=tuple(_port_rows(ports["internal"])) if "internal" in ports else (),
        procedure_ports=tuple(
            _struct({**row, "ports": str(row["ports"])}, ProcedurePort)
            for row in _of(_read("procedure-ports"), release, edition)
        ),
        services=_services(external),
        hardware=_hardware(),
        operating_systems={name: _struct({"id": name, **systems[name]}, OperatingSystem) for name in release.os},
        recording=None if recording is None else _struct(recording, RecordingPlace),
        repositories=_repositories(release, systems, repositories),
        scenarios=_scenarios(release, edition),
        install=_install(release, edition, roles),
        install_order=_struct(roles_file["order"], OrderNote),
        mesh_agent=_struct(_read("mesh-agent"), MeshAgent),
        extras={name: _struct(row, ExtraPackages) for name, row in repositories["extras"].items()},
    )


def _roles(release: Release, rows: Mapping[str, Any]) -> Mapping[str, Role]:
    """Join what holds for a role everywhere with its packages here; order is that of the file."""
    common = _read("roles")
    roles = {}
    for order, (name, row) in enumerate(rows.items(), start=1):
        packages = row["packages"]
        if isinstance(packages, list):
            packages = {"ubuntu": packages, "rhel": packages}
        about = common[name]
        roles[name] = Role(
            id=name,
            title=about["title"],
            group=about["group"],
            order=order,
            mandatory=about.get("mandatory", False),
            max_nodes=about.get("max_nodes"),
            odd=about.get("odd", False),
            requires=tuple(row.get("requires", about.get("requires", ()))),
            not_on_node_with=tuple(other for other in about.get("not_on_node_with", ()) if other in rows),
            keeps=about.get("keeps", ""),
            packages={family: tuple(names) for family, names in packages.items()},
            needs_epel=EVERY_NODE in release.epel or name in release.epel,
            source=f"{about['source']}; {row['source']}",
            decision=" ".join(one for one in (about.get("decision"), row.get("decision")) if one),
        )
    return roles


def _port_rows(table: Mapping[str, Any]) -> Iterator[PortRow]:
    """Rows of a table; what a row leaves out stands at its group or at the table."""
    protocols: dict[str, Protocol] = {"tcp": "tcp", "udp": "udp", "tcp+udp": "tcp+udp"}
    for group in table["groups"]:
        for row in group["rows"]:
            yield PortRow(
                group=group["group"],
                roles=tuple(row.get("roles") or group["roles"]),
                ports=str(row["ports"]),
                protocol=protocols[row["protocol"]],
                service=row["service"],
                source=f"{table['source']}, {group['group']}",
                decision=row.get("decision") or group.get("decision") or table.get("decision", ""),
            )


def _services(external: Iterable[PortRow]) -> Mapping[str, Service]:
    offered = {(role, row.ports, row.protocol) for row in external for role in row.roles}
    services = {}
    for name, row in _read("services").items():
        service = _struct({"id": name, **row, "ports": str(row["ports"])}, Service)
        if (service.role, service.ports, service.protocol) in offered:
            services[name] = service
    return services


def _hardware() -> Hardware:
    data = _read("hardware")
    roles = {name: {"role": name, **row} for name, row in data["roles"].items()}
    return _struct({**data, "roles": roles}, Hardware)


def _repositories(release: Release, systems: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Repositories]:
    postgresql = data["postgresql"].get(release.postgresql, {})
    return {
        name: _struct(
            {
                "carbonio": data["carbonio"][name],
                "postgresql": postgresql.get(name),
                "subscriptions": data["subscriptions"].get(name, {}),
                "prerequisites": data["prerequisites"][systems[name]["family"]],
            },
            Repositories,
        )
        for name in release.os
    }


def _scenarios(release: Release, edition: Edition) -> Mapping[str, Scenario]:
    rows = {row["id"]: row for row in _of(_read("scenarios"), release, edition)}
    return {name: _struct(rows[name], Scenario) for name in release.editions[edition].scenarios}


def _install(release: Release, edition: Edition, roles: Mapping[str, Role]) -> Install:
    """Join the files of the procedure, without the roles that do not exist here."""
    files = [_read(f"install/{name}") for name in release.install]

    def rows(kind: str, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for file in files:
            for row in _of(file.get(kind, ()), release, edition):
                named = {field: _flat(row.get(field, ())) for field in fields}
                yield row | {
                    field: [name for name in names if name in roles or name == EVERY_NODE]
                    for field, names in named.items()
                }

    steps = rows("steps", ("roles", "not_with"))
    values = rows("values", ("from_roles", "needed_by"))
    return Install(
        steps=tuple(_struct(row, InstallStep) for row in steps if row["roles"]),
        values=tuple(_struct(row, WrittenValue) for row in values if row["from_roles"]),
    )


def _flat(names: Iterable[str | list[str]]) -> Iterator[str]:
    for name in names:
        if isinstance(name, str):
            yield name
        else:
            yield from name


def _zones(region: str, zones: str | list[str]) -> list[str]:
    """Letters are appended to the region's name; a list has full names."""
    return [region + letter for letter in zones] if isinstance(zones, str) else zones


def _machine_types(groups: Iterable[Mapping[str, Any]], source: str) -> Iterator[dict[str, Any]]:
    """Write the groups out: rows as they stand; families by size, then by memory."""
    for group in groups:
        common = {
            "architecture": group["architecture"],
            "burstable": group.get("burstable", False),
            "source": group.get("source", source),
        }
        if "rows" in group:
            common |= {key: group[key] for key in ("not_in", "retired") if key in group}
            for row in group["rows"]:
                yield common | row
            continue
        absent = group.get("not_in", {})
        for size, vcpu in group["sizes"].items():
            for family, memory_per_vcpu in group["families"].items():
                yield common | {
                    "name": f"{family}.{size}",
                    "vcpu": vcpu,
                    "memory_gib": vcpu * memory_per_vcpu,
                    "not_in": absent.get(family, ()),
                }


def _machine_prices(row: Mapping[str, Any], types: Iterable[MachineType]) -> dict[str, Any]:
    """Write the prices out by type where a row has them by family and processor."""
    by_family = {family: _decimal(amount) for family, amount in row.get("per_vcpu", {}).items()}
    amounts = {
        one.name: by_family[family] * one.vcpu for one in types if (family := one.name.partition(".")[0]) in by_family
    }
    amounts |= {name: _decimal(amount) for name, amount in row.get("types", {}).items()}
    return {**{key: value for key, value in row.items() if key != "per_vcpu"}, "types": amounts}


def _decimal(amount: float) -> Decimal:
    """Return the number as it stands in the file."""
    return Decimal(str(amount))


def _of(rows: Iterable[Any], release: Release, edition: Edition) -> Iterator[dict[str, Any]]:
    """Yield the rows that `in` limits to this release and edition, and those without a limit."""
    for row in rows:
        limit = row.get("in")
        if limit is None or edition in limit.get(release.name, ()):
            yield {key: value for key, value in row.items() if key != "in"}


def _struct(data: Mapping[str, Any], kind: type[_T]) -> _T:
    return msgspec.convert(data, kind)


@cache
def _read(name: str) -> Any:
    """Parse one file of the package's own data; nobody changes what it returns."""
    with (_DATA / f"{name}.yaml").open("rb") as stream:
        loader = _Loader(stream)
        return _plain(loader.get_single_node(), loader)


def _plain(node: yaml.Node, loader: Any) -> Any:
    """Return what PyYAML's safe constructor makes of a node, in a third of its time.

    Args:
        node: Without merge keys.
        loader: Makes whatever is no text, list or mapping.
    """
    if isinstance(node, yaml.MappingNode):
        return {_plain(key, loader): _plain(value, loader) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, loader) for one in node.value]
    return node.value if node.tag == _TEXT else loader.construct_object(node)
