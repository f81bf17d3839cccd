"""DNS records that come, go or differ, and what mail does meanwhile."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from generator.plan import DnsPlan, Plan, Record
from generator.review.model import Change, RecordChange

_REVERSE = "PTR"
_SPF, _DMARC, _DKIM = "SPF", "DMARC", "DKIM"
_MARKS = {"v=spf1": _SPF, "v=dmarc1": _DMARC, "v=dkim1": _DKIM}
MAIL = frozenset({"MX", _SPF, _DMARC, _DKIM, _REVERSE})
"""What delivery depends on."""

_MEANWHILE: dict[tuple[str, Change], str] = {
    ("MX", "changed"): "Others deliver by the old records {until}: keep the old hosts answering as long.",
    ("MX", "gone"): "Others find no host for this mail {after}, and send it back.",
    (_SPF, "changed"): "Others judge our mail by the old record {until}: what a new address sends may be refused.",
    (_SPF, "gone"): "Others no longer see who may send for this domain.",
    (_DKIM, "changed"): "Signatures by the new key are not found {until}: publish it under another selector first.",
    (_DKIM, "gone"): "Signatures by this key can no longer be checked, on mail that is under way too.",
    (_DMARC, "changed"): "Others follow the old policy {until}.",
    (_DMARC, "gone"): "Others have no policy, and send no reports.",
    (_REVERSE, "changed"): "Servers that compare it with the greeting refuse our mail until both say the same.",
    (_REVERSE, "gone"): "Many servers refuse mail from an address without a reverse name.",
    ("A", "changed"): "Clients go to the old address {until}.",
    ("A", "gone"): "The name has no address {after}.",
}


_ADDED: dict[str, str] = {
    "MX": "Others deliver to the new host {after}.",
    _SPF: "Others judge our mail by the old record {until}: what a new address sends may be refused.",
    "A": "Clients find the new address {after}.",
}
"""Where all that was there stays."""

_TAKEN: dict[str, str] = {_SPF: "Others accept our mail from the old address {until}."}
"""Where nothing comes."""


def record_changes(before: Plan | None, after: Plan | None) -> tuple[RecordChange, ...]:
    """Return the public records that differ, those that mail depends on first; an absent plan has none."""
    changes = [*_sets(before, after), *_reverse_names(before, after)]
    return tuple(sorted(changes, key=lambda one: (not one.mail, one.change == "new", one.type, one.name)))


def _kind(record: Record, text: str) -> str:
    """Return what a value is for: its record's type, or what the text is."""
    marks = (kind for mark, kind in _MARKS.items() if record.type == "TXT" and text.lower().startswith(mark))
    return next(marks, record.type)


def _sets(before: Plan | None, after: Plan | None) -> Iterator[RecordChange]:
    old, new = (_by_key(plan.dns) if plan is not None else {} for plan in (before, after))
    for name, kind in sorted({*old, *new}):
        was, now = old.get((name, kind), _Values(0, ())), new.get((name, kind), _Values(0, ()))
        if was == now:
            continue
        change: Change = "new" if not was.texts else "gone" if not now.texts else "changed"
        yield _change(name, kind, change, was, now)


class _Values(NamedTuple):
    ttl: int
    texts: tuple[str, ...]


def _by_key(dns: DnsPlan) -> dict[tuple[str, str], _Values]:
    """Return the records by name and kind: a name may hold SPF and other texts in one set."""
    found: dict[tuple[str, str], _Values] = {}
    for record in dns.public:
        for value in record.values:
            key = (record.name, _kind(record, value.text))
            found[key] = _Values(record.ttl, (*found.get(key, _Values(0, ())).texts, value.shown))
    return found


def _reverse_names(before: Plan | None, after: Plan | None) -> Iterator[RecordChange]:
    old, new = (
        {**plan.dns.ptr, **plan.dns.ptr_later, **plan.dns.ptr_elsewhere} if plan is not None else {}
        for plan in (before, after)
    )
    for address in sorted({*old, *new}):
        was, now = old.get(address, ""), new.get(address, "")
        if was != now:
            change: Change = "new" if not was else "gone" if not now else "changed"
            values = (_Values(0, (one,) * bool(one)) for one in (was, now))
            found = _change(address, _REVERSE, change, *values)
            if change == "gone" and (after is None or address not in _public_addresses(after)):
                # Nobody sends mail from it any more.
                found = msgspec.structs.replace(found, mail=False, meanwhile="")
            yield found


def _public_addresses(plan: Plan) -> set[str]:
    router = "" if plan.router is None else plan.router.public_address
    return {
        router,
        *(node.stated_address or f"public:{node.name}" for node in plan.nodes.values() if node.public_address),
    }


def _change(name: str, kind: str, change: Change, was: _Values, now: _Values) -> RecordChange:
    same = was.texts == now.texts
    text = (
        ""
        if same
        else _meanwhile(kind, change, *({word for text in one.texts for word in text.split()} for one in (was, now)))
    )
    text = text.format(until=f"for up to {duration(was.ttl)}", after=f"after at most {duration(was.ttl)}")
    return RecordChange(name, kind, change, was.texts, now.texts, was.ttl, now.ttl, kind in MAIL and not same, text)


def _meanwhile(kind: str, change: Change, old: set[str], new: set[str]) -> str:
    if change == "changed" and old < new:
        return _ADDED.get(kind, _MEANWHILE.get((kind, change), ""))
    if change == "changed" and new < old:
        return _TAKEN.get(kind, _MEANWHILE.get((kind, change), ""))
    return _MEANWHILE.get((kind, change), "")


def duration(seconds: int) -> str:
    """Return a time to live in words."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}{'s' * (count != 1)}"
    return f"{seconds} seconds"
