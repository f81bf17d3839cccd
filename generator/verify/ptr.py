"""Reverse names: of every address that sends, the planned name, which leads back to the address."""

from generator.verify.ask import Client
from generator.verify.judge import noted, unknown, unresolved
from generator.verify.model import Answer, Expected, Senders, Verdict
from generator.verify.words import outcome_words


def judge_ptr(want: Expected, client: Client, known: Senders) -> Verdict:
    """Judge the reverse name of an address, and whether it is forward-confirmed."""
    if want.unknown:
        return unknown(want, None)
    answer = client.ask(want.name, "PTR")
    verdict = unresolved(answer)
    return verdict or noted(_judged(want, answer, client, known), answer)


def _judged(want: Expected, answer: Answer, client: Client, known: Senders) -> Verdict:
    if not answer.values:
        return Verdict("missing", (), f"{want.address} has no reverse name: {outcome_words(answer)}")
    found, planned = answer.values, want.values[0]
    astray, waiting = [], False
    for value in found:
        name = value.rstrip(".")
        forward = client.ask(name, "A")
        failed = unresolved(forward)
        if want.address in forward.values:
            continue
        if value == planned and name in known.hosts:
            # Its own row says what is wrong with it.
            waiting = True
            continue
        leads = ", ".join(forward.values) or (failed.message if failed else outcome_words(forward))
        astray.append(f"{name} does not lead back to {want.address}: {leads}")
    message = "; ".join(astray)
    if planned not in found:
        return Verdict("differs", found, message)
    if len(found) > 1:
        more = f"{want.address} has {len(found)} reverse names, and receivers see any one of them"
        return Verdict("extra", found, "; ".join(filter(None, (more, message))))
    if astray:
        return Verdict("unconfirmed", found, message)
    if waiting:
        return Verdict("follows", found, f"not forward-confirmed before the address of {planned.rstrip('.')} is right")
    return Verdict("ok", found)
