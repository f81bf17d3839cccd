"""From answers to the text of a topology: what differs from the defaults, and what to change next."""

import re
import textwrap
from collections.abc import Iterator, Sequence

import msgspec

from generator.init.world import Answer, World
from generator.problems import listing
from generator.topology import Topology

SCHEMA_NAME = "topology.schema.json"
"""The file with the JSON schema, beside the topology."""

_WIDTH = 79
_PLAIN = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9 @._+/=:-]*")
_NOT_TEXT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?|true|false|yes|no|on|off|null|~", re.IGNORECASE)
_FIELDS = {field.name: field.default for field in msgspec.structs.fields(Topology)}


class Line(msgspec.Struct, frozen=True):
    """A line of the topology, and the option whose answer it holds."""

    text: str
    option: str = ""


def text_of(lines: Sequence[Line]) -> str:
    """Return the text of a topology."""
    return "".join(f"{line.text}\n" for line in lines)


def write_lines(world: World) -> list[Line]:
    """Return the lines of the topology that the answers make."""
    return [
        *(Line(text) for text in _head(world)),
        Line(""),
        *_deployment(world),
        Line(""),
        *_cloud(world),
        *_exposure(world),
        Line(""),
        *_access(world),
        Line(""),
        *_mail(world),
        Line(""),
        *_services(world),
        Line(""),
        *_dns(world),
        Line(""),
        *_nodes(world),
    ]


def _head(world: World) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA_NAME}"
    facts, count = world.facts, len(world.nodes)
    text = f"Carbonio {facts.release.name} {facts.edition} on {world.cloud.capabilities.title}, "
    if world.nodes == world.scenario.nodes:
        text += f"the scenario {world.scenario.id}: {world.scenario.title}."
    else:
        left = sorted(
            {role for roles in world.scenario.nodes.values() for role in roles}
            - {role for roles in world.nodes.values() for role in roles}
        )
        lacking = listing(left).replace(" or ", " and ")
        text += f"the scenario {world.scenario.id} without {lacking}: {count} node{'s' * (count != 1)}."
    yield from _comment(text)
    yield from _comment('"generate plan" shows what comes of it. Remove "# " before a key to use it.')


def _deployment(world: World) -> Iterator[Line]:
    first, name = next(iter(world.nodes)), world.value("domain")
    yield from _comments(f"Mail domain; nodes have names below it, such as {first}.{name}.")
    yield Line(f"domain: {quoted(name)}", "domain")
    yield Line("")
    edition, systems = world.value("edition"), _other_systems(world)
    licence = "" if edition != _FIELDS["edition"] else f"The {edition} edition needs a licence from Zextras. "
    other = f"; os can be {listing(systems)} as well" if systems else ""
    yield from _comments(f"{licence}The nodes run {world.facts.release.default_os}{other}.")
    yield Line(f'release: "{world.value("release")}"', "release")
    if edition != _FIELDS["edition"]:
        yield Line(f"edition: {edition}", "edition")
    if systems:
        yield Line(f"# os: {systems[0]}")


def _other_systems(world: World) -> list[str]:
    """Return the systems that the topology could name without anything else, the release's own first choice aside."""
    facts, images = world.facts, world.cloud_facts.images
    return [
        name
        for name, system in facts.operating_systems.items()
        if name != facts.release.default_os
        and images[name].offered
        and (system.family != "rhel" or world.cloud.capabilities.default_subscription)
    ]


def _cloud(world: World) -> Iterator[Line]:
    yield Line("cloud:", "cloud")
    yield Line(f"  provider: {world.value('cloud')}", "cloud")
    if not world.answers["region"].question.silent:
        yield Line(f"  region: {world.value('region')}", "region")
    for option, answer in _own(world):
        if answer.question.path[0] == "cloud":
            yield from _entry(option, answer, answer.question.path[1:], "  ")
    for option, answer in _own(world):
        if answer.question.path[0] != "cloud":
            yield Line("")
            yield from _entry(option, answer, answer.question.path, "")


def _own(world: World) -> Iterator[tuple[str, Answer]]:
    """Yield the answers to the cloud's own questions."""
    for option, answer in world.answers.items():
        if answer.question.path:
            yield option, answer


def _entry(option: str, answer: Answer, path: Sequence[str], indent: str) -> Iterator[Line]:
    """Yield an answer at a path; a mapping in one line only where it has one entry."""
    question = answer.question
    for text in _comment(question.comment, indent) if question.comment else ():
        yield Line(text)
    values = answer.values if question.number else tuple(quoted(value) for value in answer.values)
    if question.keys:
        yield Line(f"{indent}{path[0]}:", option)
        for key, value in zip(question.keys, values, strict=True):
            yield Line(f"{indent}  {key}: {value}", option)
        return
    # What is the default is left out, and yet it can be seen where it would stand.
    hidden = "# " if answer.values == (question.default_value,) else ""
    text = f"{{{path[1]}: {values[0]}}}" if len(path) > 1 else values[0]
    yield Line(f"{indent}{hidden}{path[0]}: {text}", option)


def _exposure(world: World) -> Iterator[Line]:
    exposure, offered = world.value("exposure"), world.cloud.capabilities.exposures
    meaning = world.answers["exposure"].question.choices
    yield Line("")
    others = () if world.cloud.capabilities.on_premises else tuple(one for one in offered if one != exposure)
    instead = "".join(f" Or {meaning[other]} ({other})." for other in others)
    yield from _comments(f"How the Internet reaches the nodes: {meaning[exposure]}.{instead}")
    if exposure != _FIELDS["exposure"]:
        yield Line(f"exposure: {exposure}", "exposure")
    elif others:
        yield Line(f"# exposure: {others[0]}")


def _access(world: World) -> Iterator[Line]:
    yield from _comments("Who administers: only these ranges reach SSH and the Admin Panel.")
    yield from _list("management", world.answers["management"].values, "management")
    yield from _comments("Whose keys may log in.")
    yield Line("ssh_keys:", "ssh-key")
    for key in world.answers["ssh-key"].values:
        yield Line(f"  - {quoted(key)}", "ssh-key")


def _mail(world: World) -> Iterator[Line]:
    yield from _comments("Mail volumes have room for users x quota; headroom adds some for growth.")
    yield Line(f"users: {world.value('users')}", "users")
    yield Line(f"mailbox_quota: {world.value('quota')}", "quota")
    yield Line("# headroom: 20 %")


def _services(world: World) -> Iterator[Line]:
    services = world.facts.services
    there = {role for roles in world.nodes.values() for role in roles}
    opened = [f"{one.title} ({one.ports})" for one in services.values() if one.default and one.role in there]
    wanted = world.answers["mail-programs"].values
    further = wanted or tuple(name for name in ("imaps", "submissions") if name in services)
    text = f"services: {{{', '.join(f'{name}: true' for name in further)}}}"
    if wanted:
        yield from _comments(f"Open to the Internet: {', '.join(opened)}; and what mail programs need:")
        yield Line(text, "mail-programs")
        return
    yield from _comments(f"Open to the Internet: {', '.join(opened)}. Mail programs need more:")
    yield Line(f"# {text}")


def _dns(world: World) -> Iterator[Line]:
    provider, domain = world.value("dns"), world.value("domain")
    usual = world.cloud.capabilities.default_dns
    where = (
        "is hosted elsewhere: generate writes it as a file in dns/" if provider == "none" else f"is made at {provider}"
    )
    hint = "" if provider == "none" else "Where that zone exists already:"
    if provider == usual:
        yield from _comments(f"The zone {domain} {where}. {hint}")
        yield from (Line("# dns: {existing_zone: true}"),) if hint else ()
        return
    yield from _comments(f"The zone {domain} {where}.")
    if not hint:
        yield Line(f"dns: {provider}", "dns")
        return
    yield from (Line("dns:", "dns"), Line(f"  provider: {provider}", "dns"))
    yield from (Line(f"  # {hint}"), Line("  # existing_zone: true"))


def _nodes(world: World) -> Iterator[Line]:
    yield from _comments("The machines, and which roles stand on which; their sizes follow from that.")
    yield Line("nodes:", "scenario")
    for name, roles in world.nodes.items():
        text = f"  {name}: [{', '.join(roles)}]"
        # After the bracket, so that the words stand below each other.
        for part in textwrap.wrap(
            text, _WIDTH, subsequent_indent=" " * (len(name) + 5), break_on_hyphens=False, drop_whitespace=True
        ):
            yield Line(part, "scenario")
    if world.facts.rules.max_nodes is None:
        stores = sum("mailstore" in roles for roles in world.nodes.values())
        name = next(f"store{number}" for number in range(stores + 1, 99) if f"store{number}" not in world.nodes)
        yield Line("  # Another mail store takes its share of the users:")
        yield Line(f"  # {name}: [mailstore]")


def _list(key: str, values: Sequence[str], option: str) -> Iterator[Line]:
    flow = f"{key}: [{', '.join(map(quoted, values))}]"
    if len(flow) <= _WIDTH:
        yield Line(flow, option)
        return
    yield Line(f"{key}:", option)
    for value in values:
        yield Line(f"  - {quoted(value)}", option)


def quoted(text: str) -> str:
    """Return a text as YAML, in quotes where it would be something else without them."""
    plain = _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text) and ": " not in text
    if plain and not text.endswith((":", " ")):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comments(text: str) -> Iterator[Line]:
    for line in _comment(text):
        yield Line(line)


def _comment(text: str, indent: str = "") -> list[str]:
    start = f"{indent}# "
    return textwrap.wrap(
        text, _WIDTH, initial_indent=start, subsequent_indent=start, break_on_hyphens=False, break_long_words=False
    )
