"""Holds what one resolver says against what is expected: sets of records, texts and keys."""

from ipaddress import IPv4Address, IPv4Network

import msgspec

from generator.addressing import is_address, is_private
from generator.verify.ask import Client, way
from generator.verify.model import KNOWING, Answer, Expected, Senders, Verdict
from generator.verify.texts import kind, of_kind, same, short, spoilt, tags
from generator.verify.words import outcome_remedy, outcome_words

_ALONE = frozenset({"spf1", "dmarc1", "stsv1", "tlsrptv1", "dkim1"})
"""Kinds of texts of which a name may have one only."""


def unresolved(answer: Answer) -> Verdict | None:
    """Return the verdict on a question that ended without knowledge; None where it did not."""
    if answer.outcome in KNOWING:
        return None
    return Verdict("unresolved", (), outcome_words(answer), outcome_remedy(answer))


def noted(verdict: Verdict, answer: Answer) -> Verdict:
    """Return a verdict with a word about how the answer came."""
    note = way(answer)
    return msgspec.structs.replace(verdict, note=note) if note and not verdict.note else verdict


def judge_record(want: Expected, client: Client, known: Senders) -> Verdict:
    """Judge a set of records of one name and type."""
    answer = client.ask(want.name, want.type)
    verdict = unresolved(answer)
    if verdict:
        return verdict
    if want.unknown:
        return unknown(want, answer)
    return noted(_without_sixes(want, compare(want, answer, known), client, known), answer)


def _without_sixes(want: Expected, verdict: Verdict, client: Client, known: Senders) -> Verdict:
    """Return the verdict on the addresses of a host, where mail is brought to an IPv6 address first if it has one."""
    if verdict.status != "ok" or want.type != "A" or want.name not in known.bare - known.sixes:
        return verdict
    answer = client.ask(want.name, "AAAA")
    if not answer.values:
        return verdict
    message = f"it also has {', '.join(answer.values)}, and the nodes have no IPv6: others try that address first"
    mend = f"Remove {want.name} AAAA, or put it into the topology (dns.records)."
    return Verdict("extra", (*verdict.found, *answer.values), message, mend)


def unknown(want: Expected, answer: Answer | None, found: tuple[str, ...] | None = None) -> Verdict:
    """Return the verdict on what cannot be compared yet.

    Args:
        want: What is expected.
        answer: What is published; None where even the question is not known.
        found: Those of its values that the row is about; all without it.
    """
    named = ", ".join(want.unknown)
    if found is None:
        found = answer.values if answer else ()
    remedy = "After terraform apply: terraform output -json > outputs.json, then --addresses outputs.json."
    message = f"unknown: the address {named} exists only after apply"
    if answer and not answer.values:
        message += f"; nothing is published: {outcome_words(answer)}"
    return Verdict("unknown", found, message, remedy)


def compare(want: Expected, answer: Answer, known: Senders) -> Verdict:
    """Hold the values of an answer against the planned ones."""
    planned, found = set(want.values), set(answer.values)
    if answer.aliases and want.name in known.bare and want.type != "CNAME":
        return Verdict(
            "alias", answer.values, f"it is a CNAME of {answer.aliases[-1]}, and mail servers forbid that here"
        )
    if not found and answer.aliases:
        target = answer.aliases[-1]
        twice = f".{target}".endswith(f".{want.zone}.{want.zone}")
        dot = f", which ends with {want.zone} twice: a final dot was missing" if twice else ""
        return Verdict("alias", (), f"it is a CNAME of {target}{dot}; {outcome_words(answer)} there")
    if not found:
        return Verdict("missing", (), outcome_words(answer))
    if planned == found:
        return Verdict("ok", answer.values)
    doubled = [text for text in sorted(found - planned) if text.removesuffix(f"{want.zone}.") in planned]
    inside = [text for text in sorted(found - planned) if want.type == "A" and is_inside(text)]
    message = f"{', '.join(inside)} is a private address, which nobody outside reaches" if inside else ""
    if doubled:
        message = f"{doubled[0].split()[-1]} ends with {want.zone} once more: its final dot was missing"
    if planned < found:
        more = f"it also has {', '.join(sorted(found - planned))}"
        return Verdict("extra", answer.values, "; ".join(filter(None, (more, message))))
    return Verdict("differs", answer.values, message)


def in_full(want: Expected, verdict: Verdict, client: Client) -> Verdict:
    """Return the verdict on what is missing, with where it is if the name was entered in full in a form that is not."""
    if verdict.status != "missing" or want.kind == "ptr":
        return verdict
    name = f"{want.name}.{want.zone}"
    found = {text.removesuffix(f"{want.zone}.") for text in client.ask(name, want.type).values}
    planned = {text.removesuffix(f"{want.zone}.") for text in want.values}
    if not any(same(one, other) for one in planned for other in found):
        return verdict
    message = f"{verdict.message}; it stands at {name}: the name was entered in full, and got {want.zone} once more"
    return msgspec.structs.replace(verdict, message=message)


def spoilt_text(answer: Answer, wanted: str) -> Verdict | None:
    """Return the verdict on a text of a kind that nobody can read, since its quotes or escapes were published."""
    for text in answer.values:
        why = spoilt(text, wanted)
        if why:
            return Verdict("invalid", (text,), why)
    return None


def is_inside(text: str) -> bool:
    """Tell whether an address is of a private network."""
    address = IPv4Address(text)
    return is_private(IPv4Network(text)) or address.is_link_local or address.is_loopback


def judge_mx(want: Expected, client: Client, known: Senders) -> Verdict:
    """Judge the MX of a name: the set, and whether each target has an address of its own."""
    verdict = judge_record(want, client, known)
    if verdict.status in ("unresolved", "missing", "unknown", "alias"):
        return verdict
    planned = {value.split()[-1] for value in want.values}
    wrong: list[str] = []
    waiting: list[str] = []
    wordless: list[Verdict] = []
    for target in dict.fromkeys(value.split()[-1] for value in verdict.found):
        name = target.rstrip(".")
        if not name:
            continue
        said = _target(name, client, known, want.zone)
        if not said:
            continue
        if target in planned and (name in known.hosts or name in known.unknown_hosts):
            waiting.append(name)
        elif said.status == "unresolved":
            wordless.append(msgspec.structs.replace(said, message=f"{name}: {said.message}"))
        else:
            wrong.append(f"{name} {said.message}")
    return _mx_verdict(verdict, wrong, waiting, wordless)


def _mx_verdict(verdict: Verdict, wrong: list[str], waiting: list[str], wordless: list[Verdict]) -> Verdict:
    message = "; ".join(filter(None, (verdict.message, *wrong, *(one.message for one in wordless))))
    if verdict.status != "ok":
        return msgspec.structs.replace(verdict, message=message)
    if wrong:
        mend = "The record is as planned: put right the name that it leads to, or choose another in the topology."
        return msgspec.structs.replace(verdict, status="invalid", message=message, remedy=mend)
    if wordless:
        return msgspec.structs.replace(verdict, status="unresolved", message=message, remedy=wordless[0].remedy)
    if waiting:
        follows = f"mail cannot come before the address of {', '.join(waiting)} is right"
        return msgspec.structs.replace(verdict, status="follows", message=follows)
    return verdict


def _target(name: str, client: Client, known: Senders, zone: str) -> Verdict | None:
    """Return what is wrong with the address of an MX target."""
    if is_address(name.removesuffix(f".{zone}")):
        return Verdict("missing", (), "is an address: an MX names a host, and the host's A record has the address")
    answer = client.ask(name, "A")
    verdict = unresolved(answer)
    if verdict:
        return verdict
    if answer.aliases:
        return Verdict("alias", (), f"is a CNAME of {answer.aliases[-1]}, which no MX may name")
    if not answer.values:
        return Verdict("missing", (), f"has no A record: {outcome_words(answer)}")
    planned = known.hosts.get(name)
    if name not in known.unknown_hosts and planned is not None and planned != set(answer.values):
        return Verdict("differs", (), f"has another address: {', '.join(answer.values)}")
    return None


def judge_text(want: Expected, client: Client, _: Senders) -> Verdict:
    """Judge a text that no judge of its own knows: it is there, and alone where its kind has to be."""
    answer = client.ask(want.name, "TXT")
    verdict = unresolved(answer)
    if verdict:
        return verdict
    if want.unknown:
        return unknown(want, answer)
    return noted(_text(want, answer), answer)


def _text(want: Expected, answer: Answer) -> Verdict:
    sort = kind(want.values[0])
    like = tuple(of_kind(answer.values, sort)) if sort else ()
    there = any(same(want.values[0], text) for text in answer.values)
    if there and len(like) > 1 and sort in _ALONE:
        return Verdict("extra", like, "one text of this kind may be here, and receivers ignore several")
    if there:
        return Verdict("ok", want.values)
    if like:
        return Verdict("differs", like)
    words = "the name has other texts only" if answer.values else outcome_words(answer)
    return (sort and spoilt_text(answer, sort)) or Verdict("missing", (), words)


def judge_dkim(want: Expected, client: Client, _: Senders) -> Verdict:
    """Judge a published key: it can be read, and is the one of the plan."""
    from generator.dkim import published

    answer = client.ask(want.name, "TXT")
    verdict = unresolved(answer)
    if verdict:
        return verdict
    spoilt_key = spoilt_text(answer, "dkim1")
    if spoilt_key:
        return noted(spoilt_key, answer)
    keys = tuple(of_kind(answer.values, "dkim1"))
    if len(keys) != 1:
        status = _text(want, answer)
        return noted(status if keys or not answer.values else _no_key(answer), answer)
    planned, found = tags(want.values[0]), tags(keys[0])
    try:
        published(keys[0])
    except ValueError as why:
        wanted, there = (len(_squeezed(one.get("p", ""))) for one in (planned, found))
        lengths = f"; {there} of {wanted} characters of the key are there" if there != wanted else ""
        return noted(Verdict("invalid", keys, f"receivers cannot use the key: {why}{lengths}"), answer)
    if _squeezed(found.get("p", "")) != _squeezed(planned.get("p", "")):
        return noted(Verdict("differs", keys, "it is another key: signatures by the planned one will fail"), answer)
    return noted(Verdict("ok", keys), answer)


def _no_key(answer: Answer) -> Verdict:
    return Verdict("invalid", answer.values, f"it is no key: {short(answer.values[0], 60)}")


def _squeezed(text: str) -> str:
    return "".join(text.split())
