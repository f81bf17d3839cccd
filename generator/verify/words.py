"""What an administrator reads: how a question ended, and what to do about it."""

from generator.verify.model import Answer

_OUTCOMES = {
    "servfail": "the resolver could not find out (SERVFAIL): the zone's name servers do not answer it, or DNSSEC fails",
    "refused": "the resolver refuses to answer (REFUSED)",
    "referral": "the server knows nothing of the zone and asks no others",
    "timeout": "no answer within the time allowed",
    "unreachable": "the resolver cannot be reached",
    "truncated": "the answer is too long for UDP and does not come by TCP",
    "other": "the resolver answered with an error",
    "nxdomain": "the name does not exist (NXDOMAIN)",
    "empty": "the name exists, but not this type of record",
}

_REMEDIES = {
    "servfail": (
        "Compare the name servers at the registrar with the zone's own, and remove an outdated DS record; "
        "then run this again. If the name server is yours, its log says why it has not loaded the zone."
    ),
    "refused": "Name a resolver that serves this machine: --resolver 9.9.9.9",
    "referral": "Name a resolver instead of a name server of another zone: --resolver 9.9.9.9",
    "timeout": "Run it again, with a longer --timeout or another --resolver; it says nothing about the record.",
    "unreachable": "Check the address of the resolver and the way to it (UDP and TCP port 53).",
    "truncated": "Let TCP port 53 through between this machine and the resolver; mail servers need it for long keys.",
    "other": "Ask another one: --resolver 9.9.9.9",
}


def outcome_words(answer: Answer) -> str:
    """Return how a question ended, in a clause."""
    words = _OUTCOMES.get(answer.outcome, answer.outcome)
    return f"{words} [{answer.detail}]" if answer.detail else words


def outcome_remedy(answer: Answer) -> str:
    """Return what to do about a question that ended without knowledge."""
    return _REMEDIES.get(answer.outcome, "")
