"""The tree of a topology file to a `Topology`.

The structs and their annotations in `generator.topology` say what may stand where. Every problem is
collected; a wrong value is replaced by its kind's placeholder, so that the rules still see the rest.
"""

import re
from collections.abc import Collection
from typing import Any, TypeVar

import yaml

from generator.facts import known_services, releases
from generator.kinds import NETWORK, OPENING
from generator.kinds.kind import Kind
from generator.load.shape import Field, Shape, fields_of
from generator.load.source import Source, entries, is_null, scalar
from generator.problems import Finding, Path, closest, holds_secret, nearest
from generator.topology import Table, Topology

_MOST_FINDINGS = 500

_TableT = TypeVar("_TableT", bound=Table)


def decode(source: Source) -> tuple[Topology | None, list[Finding]]:
    """Return the topology of a file, and all that is wrong with its shape.

    Returns:
        The topology with placeholders for wrong values, or None where the file is no mapping or has more than 500
        errors; and the findings.
    """
    decoder = _Decoder()
    if not isinstance(source.root, yaml.MappingNode):
        what = "empty" if source.root is None else "not a mapping of keys to values"
        glued = isinstance(source.root, yaml.ScalarNode) and re.match(r"[a-z_]+:(?!//)\S", source.root.value)
        mend = "A space belongs behind each colon, as in: " if glued else "Start with: "
        mend += "domain: example.com"
        return None, [Finding("not-a-topology", (), f"the topology is {what}", mend)]
    try:
        return decoder.table(Topology, source.root, ()), decoder.findings
    except _EnoughError:
        return None, decoder.findings


class _EnoughError(Exception):
    """So much is wrong that it is no topology; saying all of it would take minutes."""


class _Decoder:
    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def wrong(self, rule: str, path: Path, message: str, mend: str = "", *, key: bool = False) -> None:
        self._add(Finding(rule, path, message, mend, key=key))

    def _add(self, finding: Finding) -> None:
        if len(self.findings) == _MOST_FINDINGS:
            raise _EnoughError
        self.findings.append(finding)

    def table(self, table: type[_TableT], node: yaml.Node, path: Path) -> _TableT:
        """Decode a mapping, or the short form of one."""
        fields = fields_of(table)
        values: dict[str, Any] = {}
        meant = set()
        nothing = is_null(node)
        if nothing:
            # An entry of a map, all of it as it comes: `example.org:`.
            node = yaml.MappingNode("", [])
        if not isinstance(node, yaml.MappingNode) and table.SHORT:
            short = table.SHORT
            values[short] = self.value(fields[short].shape, node, (*path, short))
        elif not isinstance(node, yaml.MappingNode):
            mend = f"Write keys from among these: {', '.join(fields)}."
            self.wrong("wrong-type", path, f"{_said(path)} must be a mapping of keys to values", mend)
        else:
            written = {key for key, _ in entries(node)}
            for key, value in entries(node):
                field = fields.get(key)
                if field is None:
                    meant.add(self._unknown(key, fields, written, path))
                elif not is_null(value):
                    values[key] = self.value(field.shape, value, (*path, key))
        for name, field in fields.items():
            if field.required and name not in values:
                if name not in meant:
                    what = f"{_said((*path, name))} is missing"
                    self.wrong("missing-key", (*path, name), what, _add(name), key=nothing)
                values[name] = self._placeholder(field.shape)
        return table(**values)

    def _unknown(self, key: str, fields: dict[str, Field], written: Collection[str], path: Path) -> str:
        """Say that there is no such key, and return the one that was meant, if one is near.

        Args:
            key: What stands there.
            fields: What may stand there.
            written: All that stands there.
            path: Where.
        """
        if self._substitution(key, (*path, key), key=True):
            return ""
        meant = closest(key, list(fields))
        hint, known = nearest(key, list(fields)), "" if meant else f"Known here: {', '.join(fields)}."
        if not path and key in known_services():
            meant, hint, known = "", "; it is a service", f"Write it under services, as in: services: {{{key}: true}}"
        if path == ("state",) and _CREDENTIAL.search(key):
            meant, hint, known = "", "; credentials do not belong into a file", _CREDENTIALS
        why = f"{_quoted(key)} is not a key of {_said(path)}{hint}"
        place = (*path, meant) if meant and meant not in written else ()
        self._add(Finding("unknown-key", (*path, key), why, known, key=True, meant=place))
        return meant

    def _placeholder(self, shape: Shape) -> Any:
        if shape.table is not None:
            return self.__class__().table(shape.table, yaml.MappingNode("", []), ())
        if shape.form in ("scalar", "opening") and shape.kind is not None:
            return shape.kind.placeholder
        return () if shape.form == "list" else {}

    def value(self, shape: Shape, node: yaml.Node, path: Path) -> Any:
        """Decode what stands at a path."""
        if isinstance(node, yaml.ScalarNode) and self._substitution(str(node.value), path):
            return self._placeholder(shape)
        if shape.form == "table" and shape.table is not None:
            return self.table(shape.table, node, path)
        if shape.form == "list" and shape.item is not None:
            return self._list(shape.item, node, path)
        if shape.form == "map" and shape.item is not None:
            return self._map(shape.item, shape.key, node, path)
        if shape.form == "opening":
            return self._opening(node, path)
        if shape.kind is None:
            raise AssertionError(f"no kind for {path}")
        return self._scalar(shape.kind, node, path)

    def _list(self, item: Shape, node: yaml.Node, path: Path) -> tuple[Any, ...]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else None
        if nodes is None and isinstance(node, yaml.ScalarNode):
            nodes = [node]
        if nodes is None:
            mend = f"Write its values in brackets, as in: {path[-1]}: [...]; of one none are needed."
            self.wrong("wrong-type", path, f"{_said(path)} must be a list", mend)
            return ()
        before = len(self.findings)
        found = []
        for index, one in enumerate(nodes):
            value = self.value(item, one, (*path, index))
            if len(self.findings) == before:
                found.append(value)
            before = len(self.findings)
        return tuple(found)

    def _map(self, item: Shape, key_kind: Kind | None, node: yaml.Node, path: Path) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            said = _said(path)
            mend = f"As in: {_AS_IN.get(said) or f'{path[-1]}: {{NAME: VALUE}}'}"
            self.wrong("wrong-type", path, f"{said} must be a mapping of names to values", mend)
            return {}
        found = {}
        for key, value in entries(node):
            here = (*path, key)
            if self._key(key_kind, key, here):
                found[key] = self.value(item, value, here)
        return found

    def _substitution(self, text: str, path: Path, *, key: bool = False) -> bool:
        found = _SUBSTITUTED.search(text)
        if found is not None:
            message = f"{_quoted(found[0])} stays as it is: values are not substituted"
            self.wrong("no-substitution", path, message, _NO_SUBSTITUTION, key=key)
        return found is not None

    def _key(self, kind: Kind | None, key: str, path: Path) -> bool:
        if self._substitution(key, path, key=True):
            return False
        if kind is None:
            return True
        try:
            kind.parse(key)
        except ValueError:
            hint = nearest(key, kind.choices) if kind.choices else ""
            mend = "" if hint else kind.mend(key)
            self.wrong("wrong-name", path, f"{_quoted(key)} is not {_expected(kind, hint)}", mend, key=True)
            return False
        return True

    def _opening(self, node: yaml.Node, path: Path) -> bool | tuple[str, ...]:
        # One range may stand without brackets.
        if isinstance(node, yaml.SequenceNode) or (isinstance(node, yaml.ScalarNode) and "." in str(node.value)):
            return self._list(Shape("scalar", NETWORK), node, path)
        value = self._scalar(OPENING, node, path)
        return (value,) if isinstance(value, str) else bool(value)

    def _scalar(self, kind: Kind, node: yaml.Node, path: Path) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            mend = kind.usual or "Write one value there."
            self.wrong("wrong-type", path, f"{_said(path)} must be {kind.expected}, not a list or mapping", mend)
            return kind.placeholder
        value = scalar(node)
        try:
            return kind.parse(value)
        except ValueError as reason:
            shown = _quoted(str(node.value))
            hint = nearest(str(value), kind.choices) if kind.choices else ""
            why = f": {reason}" if str(reason) else ""
            mend, rule = "" if hint else kind.mend(str(node.value)), "wrong-value"
            if not node.style and re.search(r"[^'\"]['\"]$", str(node.value)):
                bare = shown[1:-1] if shown.startswith('"') else shown
                what = f"{_said(path)}: {bare} ends with a quotation mark, and the opening one is missing"
                self.wrong(rule, path, what, "Put the same mark before the value, or remove this one.")
                return kind.placeholder
            if path == ("release",) and isinstance(value, int | float):
                mend, rule = f'Write it in quotes: release: "{node.value}"', "unquoted-release"
            said = f"{_said(path)}: {shown} is not {_expected(kind, f'{why}{hint}')}"
            if rule == "unquoted-release":
                said = f"release: {node.value} stands without quotes{why}"
            self.wrong(rule, path, said, mend)
            return kind.placeholder


_AS_IN = {
    "nodes": "nodes: {mta1: [mta, proxy]}",
    "services": "services: {imaps: true}",
    "forward": "forward: {smtp: [mta1]}",
    "vpn.peers": "peers: {anna: <the key that wg pubkey prints>}",
    "cloud.images": "images: {ubuntu-24.04: <image>}",
    "dns.mx": "mx: {mta1: 10}",
    "dns.records": "records: {www: {A: 203.0.113.80}}",
    "dns.also_inside": "also_inside: {files.example.com: 10.20.0.80}",
    "domains": "domains: {example.org: {}}",
    "silence": "silence: {os-end-of-life: we move to 26.6 in May}",
    "accept": "accept: {mail-dns: {reason: we move to 26.6 in May, until: 2026-12-31}}",
    "cloud.public_addresses": "public_addresses: {mta1: 203.0.113.10}",
}

_SUBSTITUTED = re.compile(r"\$\{[^}]*\}?|^\$[A-Za-z_][A-Za-z0-9_]*$|(?<=[.@/])\$[A-Za-z_][A-Za-z0-9_]*")
"""`${NAME}` wherever it stands; `$NAME` where it is all there is, or a part of a name or path.

Elsewhere a dollar may be meant: in the text of a record.
"""

_NO_SUBSTITUTION = "What is reviewed is what applies: write the value, or give it with --overlay or --set."


_CREDENTIAL = re.compile(r"access_key|secret|password|token|user")
_CREDENTIALS = (
    "Terraform takes them from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3, "
    "TF_HTTP_USERNAME and TF_HTTP_PASSWORD for gitlab and http."
)


def _said(path: Path) -> str:
    """Return a path as people write it: `nodes.mta1.roles[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return _printable(text) if text else "the topology"


def _expected(kind: Kind, hint: str) -> str:
    """Return what is expected, and the hint; of many words none but those that were probably meant."""
    many = len(kind.choices) > _FEW and "did you mean" in hint
    return f"{'a word that is known here' if many else kind.expected}{hint}"


_FEW = 4
"""Words that stand in a line beside the one that was meant."""


def _printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[:80])
    return shown + ("…" if len(text) > 80 else "")


def _quoted(text: str) -> str:
    if holds_secret(text):
        return "a private key (not shown)" if "PRIVATE KEY" in text else "a text with credentials (not shown)"
    return f'"{_printable(text)}"'


def _add(name: str) -> str:
    """Return how to add a key; whoever chose no release is shown the newest."""
    mend = _MISSING[name]
    return mend % list(releases())[-1] if "%s" in mend else mend


_MISSING = {
    "domain": "Add the mail domain, as in: domain: example.com",
    "release": 'Add the Carbonio release in quotes, as in: release: "%s"',
    "cloud": "Add the cloud, as in: cloud: {provider: aws, region: eu-central-1}",
    "management": "Add the ranges from which you administer, as in: management: [198.51.100.0/24]",
    "roles": "Add the roles of the node, as in: roles: [mta, proxy]",
    "reason": "Say why it is meant, as in: reason: we move to 26.6 in May",
    "until": "Say how long that holds, as in: until: 2026-12-31",
    "provider": "Name the cloud, as in: provider: aws",
}
