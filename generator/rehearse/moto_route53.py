"""Route 53 as strict as AWS has it, for the rehearsal's moto.

Sources: API reference, ChangeResourceRecordSets and ListResourceRecordSets; Developer Guide, "Supported DNS record
types" and "DNS domain name format". Written against moto 5.2.
"""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from moto.core.responses import ActionResult
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import FakeZone, RecordSet, Route53Backend
from moto.route53.responses import Route53

_Values: TypeAlias = list[str]
_Key: TypeAlias = tuple[str, str, str | None]
_MOST_TTL = 2147483647
_LONGEST_STRING = 255
_LONGEST_VALUE = 4000
_one_at_a_time = threading.Lock()
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"\s*')
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_NAME = re.compile(r"(?:[!-\-/-~]{1,63}\.)+")


def mend_route53() -> None:
    """Replaces what moto takes from anybody, or tells in another way than Route 53.

    moto takes any value, keeps a journal beside the records, by which it refuses to create again what was deleted,
    and shows a SOA that nobody can read.
    """
    original_list, original_create = Route53Backend.list_resource_record_sets, Route53Backend.create_hosted_zone

    def list_resource_record_sets(
        self: Route53Backend, zone_id: str, start_type: str, start_name: str, max_items: int
    ) -> tuple[list[RecordSet], str | None, str | None, bool]:
        start = start_name.replace("\\052", "*") if start_name else start_name
        records, name, type_, more = original_list(self, zone_id, start_type, start, max_items)
        return [_shown(record) for record in records], name, type_, more

    def create_hosted_zone(self: Route53Backend, *arguments: Any, **named: Any) -> FakeZone:
        zone = original_create(self, *arguments, **named)
        for record in zone.rrsets:
            record.records = [one["Value"] if isinstance(one, dict) else one for one in record.records]
        return zone

    _private_zones()
    _replace(Route53Backend, "change_resource_record_sets", _change)
    _replace(Route53Backend, "list_resource_record_sets", list_resource_record_sets)
    _replace(Route53Backend, "create_hosted_zone", create_hosted_zone)


def _private_zones() -> None:
    """A zone that is created with a VPC is private.

    AWS decides by the VPC; moto looks at `HostedZoneConfig.PrivateZone`, which AWS documents as an
    answer and the provider therefore does not send. The zone would count as a second public one.
    """
    original = Route53.create_hosted_zone

    def create_hosted_zone(self: Route53) -> ActionResult:
        if self._get_param("VPC.VPCId"):
            config = self.params.setdefault("HostedZoneConfig", {})
            config["PrivateZone"] = True
        return original(self)

    _replace(Route53, "create_hosted_zone", create_hosted_zone)


def _replace(owner: type, name: str, function: object) -> None:
    setattr(owner, name, function)


def _shown(record: RecordSet) -> RecordSet:
    """Returns a set with the name as the API writes it: all but letters, digits, `-` and `_` as octal digits."""
    shown = copy.copy(record)
    shown.name = re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"\\{ord(found[0]):03o}", record.name)
    return shown


def _change(self: Route53Backend, zoneid: str, change_list: Sequence[dict[str, Any]]) -> None:
    """Changes a zone's records: all of them or none."""
    zone = self.get_hosted_zone(zoneid)
    # The provider changes many sets at once.
    with _one_at_a_time:
        records: dict[_Key, RecordSet] = {_key(record): record for record in zone.rrsets}
        for change in change_list:
            _one_change(zone, records, change["Action"], change["ResourceRecordSet"])
        _check_apex(zone, records)
        for record in records.values():
            _check_neighbours(zone, record, records)
        zone.rrsets = list(records.values())


def _key(record: RecordSet) -> _Key:
    return (record.name, str(record.type), record.set_identifier)


def _one_change(zone: FakeZone, records: dict[_Key, RecordSet], action: str, given: dict[str, Any]) -> None:
    name = f"{str(given['Name']).replace(chr(92) + '052', '*').rstrip('.').lower()}."
    values = [str(one["Value"]) for one in given.get("ResourceRecords") or []]
    # Concrete enough for moto itself, though its types say otherwise.
    record = RecordSet({**given, "Name": name, "ResourceRecords": values})  # type: ignore[abstract]
    known = records.get(_key(record))
    what = f"resource record set [name='{name}', type='{record.type}']"
    if action not in ("CREATE", "DELETE", "UPSERT"):
        raise Route53ClientError("InvalidInput", f"Value '{action}' is not facet-valid: [CREATE, DELETE, UPSERT]")
    if action == "DELETE":
        if known is None:
            raise _refused(f"Tried to delete {what} but it was not found")
        if set(known.records) != set(values) or str(known.ttl) != str(record.ttl):
            raise _refused(f"Tried to delete {what} but the values provided do not match the current values")
        del records[_key(record)]
        return
    if action == "CREATE" and known is not None:
        raise _refused(f"Tried to create {what} but it already exists")
    if not f".{name}".endswith(f".{zone.name.lower()}"):
        raise _refused(f"RRSet with DNS name {name} is not permitted in zone {zone.name}")
    if not _NAME.fullmatch(name) or len(name) > 255:
        raise _refused(f"FATAL problem: DomainLabelInvalid encountered with '{name}'")
    if not record.alias_target:
        _check_values(what, str(record.type), record.ttl, values)
    records[_key(record)] = record


def _check_values(what: str, kind: str, ttl: Any, values: _Values) -> None:
    if ttl is None or not 0 <= int(ttl) <= _MOST_TTL:
        raise _refused(f"The TTL of {what} must be between 0 and {_MOST_TTL}")
    if not values:
        raise _refused(f"Expected one of AliasTarget or ResourceRecords in {what}")
    if len(set(values)) < len(values):
        raise _refused(f"Duplicate Resource Record in {what}")
    if kind == "CNAME" and len(values) > 1:
        raise _refused(f"FATAL problem: CNAMEMultipleValues encountered with {what}")
    for value in values:
        if kind in ("TXT", "SPF"):
            _check_text(what, value)
        else:
            _check_value(what, kind, value)


def _check_text(what: str, value: str) -> None:
    """Refuses what is not a row of quoted strings of at most 255 bytes."""
    if len(value) > _LONGEST_VALUE:
        raise _refused(f"FATAL problem: RecordTooLong encountered with {what}")
    place = 0
    while place < len(value):
        found = _STRING.match(value, place)
        if found is None:
            why = "InvalidCharacterString (Value should be enclosed in quotation marks)"
            raise _refused(f"FATAL problem: {why} encountered with '{value}'")
        if not re.fullmatch(r"[ -~]*", found[1]):
            raise _refused(f"FATAL problem: UnsupportedCharacter encountered with '{value}'")
        if len(_ESCAPE.sub("x", found[1])) > _LONGEST_STRING:
            raise _refused(f"FATAL problem: CharacterStringTooLong (Value is too long) encountered with '{value}'")
        place = found.end()
    if not place:
        raise _refused(f"FATAL problem: InvalidCharacterString encountered with '{value}'")


def _check_value(what: str, kind: str, value: str) -> None:
    from dns.exception import DNSException
    from dns.rdata import from_text

    try:
        from_text("IN", kind, value)
    except (DNSException, ValueError):
        raise _refused(f"FATAL problem: the value '{value}' is not valid for {what}") from None


def _check_neighbours(zone: FakeZone, record: RecordSet, records: Iterable[_Key]) -> None:
    """Refuses an alias at the zone's apex, or beside another record."""
    if record.type != "CNAME":
        return
    if record.name == zone.name:
        raise _refused(f"RRSet of type CNAME with DNS name {record.name} is not permitted at apex in zone {zone.name}")
    if any(name == record.name and kind != "CNAME" for name, kind, _ in records):
        raise _refused(
            f"RRSet of type CNAME with DNS name {record.name} is not permitted as it conflicts with other records"
            f" with the same DNS name in zone {zone.name}"
        )


def _check_apex(zone: FakeZone, records: Iterable[_Key]) -> None:
    kinds = {kind for name, kind, _ in records if name == zone.name}
    if not {"NS", "SOA"} <= kinds:
        raise _refused("A HostedZone must contain at least one NS record and exactly one SOA record.")


def _refused(why: str) -> Route53ClientError:
    return Route53ClientError("InvalidChangeBatch", f"[{why}]")
