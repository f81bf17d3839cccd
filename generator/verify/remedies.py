"""What an administrator has to change so that a row becomes right."""

from generator.plan import Plan
from generator.verify.model import Expected, Verdict
from generator.verify.texts import short


def remedy(plan: Plan, want: Expected, verdict: Verdict) -> str:
    """Return what to change; empty where nothing is to be changed.

    Args:
        plan: The plan.
        want: What is expected.
        verdict: What was found instead.
    """
    if verdict.status == "ok":
        return ""
    if verdict.status == "skipped":
        return "Put the key that Carbonio makes into dns.dkim.key, or into the domain's own dkim.key."
    if verdict.status == "follows":
        return "Nothing of its own: put right what it waits for."
    if verdict.remedy:
        return verdict.remedy
    if want.kind == "ptr":
        return _reverse(plan, want)
    return _record(plan, want, verdict)


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
    name = want.domain
    dns = plan.dns
    if name in dns.ptr_elsewhere.values():
        return f"Ask whoever gave you {want.address} to set its reverse name (PTR) to {name}, and no other."
    if name in dns.ptr_later.values():
        return (
            f"Once {name} has its A record in public DNS: set dns.ptr: true, then generate && terraform apply; "
            "the cloud sets the reverse name."
        )
    return f"terraform apply sets the reverse name of {want.address} to {name}; its A record has to be public before."


def _record(plan: Plan, want: Expected, verdict: Verdict) -> str:
    lines = ", ".join(short(f"{want.name}. {want.type} {value}", 160) for value in want.values)
    what = f"Have exactly this: {lines}." if lines else f"Remove {want.name} {want.type}."
    if verdict.status == "extra":
        what = f"Remove what is more than this: {lines}."
    elif verdict.status == "alias":
        what = f"Replace the CNAME of {want.name} by: {lines}."
    if plan.dns.provider == "none":
        return f"{what} Where: in the zone {want.zone}, where it is hosted (dns/{want.zone}.zone has it)."
    return (
        f"{what} terraform apply does it at {plan.dns.provider}; if it has, see whether the registrar names the "
        f"name servers of terraform output name_servers for {want.zone}."
    )
