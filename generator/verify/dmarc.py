"""DMARC: exactly one record, with the planned policy, whose reports somebody agrees to receive."""

from collections.abc import Iterator
from typing import Any

from generator.verify.ask import Client
from generator.verify.checkdmarc_bridge import asking, library
from generator.verify.judge import noted, spoilt_text, unresolved
from generator.verify.model import Answer, Expected, Senders, Verdict
from generator.verify.texts import of_kind, same, tags
from generator.verify.words import outcome_words


def judge_dmarc(want: Expected, client: Client, known: Senders) -> Verdict:
    """Judge the DMARC record of a domain."""
    answer = client.ask(want.name, "TXT")
    verdict = unresolved(answer)
    return verdict or noted(_judged(want, answer, client, known), answer)


def _judged(want: Expected, answer: Answer, client: Client, known: Senders) -> Verdict:
    found = tuple(of_kind(answer.values, "dmarc1"))
    spoilt = None if found else spoilt_text(answer, "dmarc1")
    if spoilt:
        return spoilt
    if not found:
        others = f"the name has another text: {answer.values[0][:60]}" if answer.values else ""
        return Verdict("missing", (), others or outcome_words(answer))
    if len(found) > 1:
        return Verdict("extra", found, f"there are {len(found)} DMARC records, and receivers take none of several")
    text = found[0]
    _, dmarc = library()
    try:
        parsed = dmarc.parse_dmarc_record(text, want.domain, ignore_unrelated_records=True, **asking(client))
    except (dmarc.DMARCError, ValueError) as why:
        return Verdict("invalid", found, f"receivers cannot use it: {' '.join(str(why).split())}")
    if not same(want.values[0], text):
        return Verdict("differs", found, "; ".join(_differences(tags(want.values[0]), tags(text))))
    doubts = list(_reports(parsed["tags"], want.domain, client, known))
    if doubts:
        return Verdict("warning", found, "; ".join(doubts), "Ask whoever has that domain, or change dns.dmarc.reports.")
    return Verdict("ok", found)


def _differences(planned: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for tag in dict.fromkeys((*planned, *found)):
        if planned.get(tag) != found.get(tag):
            yield f"{tag} is {found.get(tag, 'not there')} instead of {planned.get(tag, 'not there')}"


def _reports(parsed: dict[str, Any], domain: str, client: Client, known: Senders) -> Iterator[str]:
    """Yield what keeps reports from arriving."""
    _, dmarc = library()
    receivers = {
        uri["address"].rpartition("@")[2].lower()
        for tag in ("rua", "ruf")
        for uri in parsed.get(tag, {}).get("value", ())
        if uri["scheme"] == "mailto"
    }
    for receiver in sorted(receivers - known.receivers):
        try:
            dmarc.verify_dmarc_report_destination(domain, receiver, ignore_unrelated_records=True, **asking(client))
        except dmarc.UnverifiedDMARCURIDestination:
            name = f"{domain}._report._dmarc.{receiver}"
            answer = client.ask(name, "TXT")
            why = "" if answer.outcome == "answer" else f" ({outcome_words(answer)})"
            yield f'reports go to {receiver}, which does not agree: {name} TXT "v=DMARC1" is not there{why}'
            continue
        mail = client.ask(receiver, "MX")
        if mail.outcome in ("nxdomain", "empty") or mail.values == ("0 .",):
            yield f"reports go to {receiver}, which receives no mail: it has no MX"
