"""What an administrator has to change so that a row becomes right."""

import re
from collections.abc import Iterator

from generator.plan import Plan
from generator.render.forms import fields, relative
from generator.verify.model import Expected, Verdict

VERBATIM = "    "
"""Start of a line that is shown as it is."""

_AT_THE_REGISTRAR, _IN_FORMS = "If it has, see whether", "Most forms add"
_HINT = re.compile(rf" ({_AT_THE_REGISTRAR}|{_IN_FORMS}) [^\n]*")
"""What ends the first line of a remedy, and holds for many."""


def remedy(plan: Plan, want: Expected, verdict: Verdict) -> str:
    """Return what to change, in a line and in lines that begin with `VERBATIM`; empty where nothing is to be changed.

    Args:
        plan: The plan.
        want: What is expected.
        verdict: What was found instead.
    """
    if verdict.status == "ok":
        return ""
    if verdict.status == "skipped":
        return (
            "After the installation, name the file with what zmdkimkeyutil printed: dns.dkim.file, or the domain's own "
            "dkim.file."
        )
    if verdict.status == "follows":
        return "Nothing of its own: put right what it waits for."
    if verdict.remedy:
        return verdict.remedy
    if want.kind == "ptr":
        return _reverse(plan, want)
    return _record(plan, want, verdict)


def without_said_hints(text: str, said: set[str]) -> str:
    """Return a remedy without a hint of a kind that was given before, and note the kind of the one it keeps.

    Args:
        text: The remedy.
        said: Kinds of hints that were given.
    """
    found = _HINT.search(text)
    if found is None:
        return text
    if found[1] in said:
        return text[: found.start()] + text[found.end() :]
    said.add(found[1])
    return text


def empty_zone(plan: Plan, zone: str) -> str:
    """Return what to do where nothing of a zone is there."""
    if plan.dns.provider == "none":
        return (
            f"Nothing of {zone} is there: publish dns/{zone}.zone where the domain is hosted, and see whether the "
            "registrar names the name servers of that host."
        )
    return (
        f"Nothing of {zone} is there: has it been applied, and does the registrar name the name servers that "
        "terraform output name_servers prints for it? A registrar takes up to two days."
    )


def _reverse(plan: Plan, want: Expected) -> str:
    name, dns = want.values[0].removesuffix("."), plan.dns
    if name in dns.ptr_elsewhere.values():
        return f"Ask whoever gave you {want.address} to set its reverse name (PTR) to {name}, and no other."
    if name in dns.ptr_later.values():
        return (
            f"Once {name} has its A record in public DNS: set dns.ptr: true, then generate && terraform apply; "
            "the cloud sets the reverse name."
        )
    return f"terraform apply sets the reverse name of {want.address} to {name}; its A record has to be public before."


def _record(plan: Plan, want: Expected, verdict: Verdict) -> str:
    name = relative(want.name, want.zone)
    what = "Have exactly this" if want.values else f"Remove {want.type} of {name}"
    if verdict.status == "extra":
        what = "Remove what is more than this"
    elif verdict.status == "alias":
        what = f"Remove the CNAME of {name}, and have this instead"
    if plan.dns.provider == "none":
        where = (
            f"in the zone {want.zone}, where it is hosted; dns/{want.zone}.zone has it. {_IN_FORMS} {want.zone} to "
            "the name themselves."
        )
    else:
        where = (
            f"in the zone {want.zone}: terraform apply does it at {plan.dns.provider}. {_AT_THE_REGISTRAR} the "
            f"registrar names the name servers of terraform output name_servers for {want.zone}."
        )
    return "\n".join([f"{what} {where}", *(line for value in want.values for line in _lines(want, name, value))])


def _lines(want: Expected, name: str, value: str) -> Iterator[str]:
    """Yield one value, ready to be copied: what is in a line of its own is the field, whole."""
    *others, (label, last) = fields(want.type, value).items()
    words = [f"name {name}", f"type {want.type}", *(f"{key} {word}" for key, word in others)]
    yield f"{VERBATIM}{', '.join(words)}, {label}:"
    yield f"{VERBATIM}{last}"
