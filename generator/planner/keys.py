"""DKIM keys that Carbonio has still to make, and what is to be done with them then."""

from collections.abc import Sequence

from generator.context import Context
from generator.mail_domains import Mail
from generator.plan import DnsPlan
from generator.problems import few

_MOST = 10
"""Domains whose commands are written out."""


class KeysToMake:
    """The mail domains without a key.

    Attributes:
        domains: They, the one of the nodes' names first.
        named: What stands for the placeholders of a command, for each domain whose command is written out.
        note: What to do with the keys.
        further: The domains that Carbonio has to be told of before; empty where there are none.
    """

    def __init__(self, context: Context, dns: DnsPlan) -> None:
        self._dns = dns
        self._primary = context.topology.domain
        self.domains = tuple(context.mail_domains[name] for name in dns.unsigned)
        self.named: Sequence[dict[str, object]] = [
            {"domain": mail.name, "selector": dns.selectors[mail.name]} for mail in self.domains[:_MOST]
        ]
        self.note = " ".join(self._note()) if self.domains else ""
        further = [mail.name for mail in self.domains if mail.name != self._primary]
        self.further = few(further, _MOST) if further else ""

    def _note(self) -> list[str]:
        found = []
        further = [mail for mail in self.domains if mail.name != self._primary]
        if further:
            found.append("A further domain has to be in Carbonio before.")
        foreign = [mail for mail in further[:_MOST] if mail.written != mail.name]
        found += [f"{mail.name} is {mail.written}." for mail in foreign]
        if len(self.domains) > _MOST:
            found.append(
                f"Do likewise for {len(self.domains) - _MOST} more, which generate verify --dns lists as skipped."
            )
        found.append("Put what it prints into a file beside the topology, and name that there:")
        found.append(f"{_place(self.domains[0], self._primary)}.")
        if further and self.domains[0] is not further[0]:
            found.append(f"For a further domain: {_place(further[0], self._primary)}.")
        return [*found, self._publish()]

    def _publish(self) -> str:
        """Return how the keys get into DNS, and what becomes of DMARC."""
        first = self.domains[0]
        key = f"{self._dns.selectors[first.name]}._domainkey"
        changes = not first.dmarc.policy
        if self._dns.provider != "none":
            then = "DMARC becomes quarantine" if changes else f"DMARC stays {first.dmarc.policy}"
            return f"Then run generate && terraform apply, which publishes the record {key}; {then}."
        also = " and the changed _dmarc, which asks for quarantine" if changes else ""
        rows = f"{key} (new, TXT){also}" + (", for each of the domains" if len(self.domains) > 1 else "")
        return f"Then run generate, and enter by hand, where the zone is hosted, what the sheet has now: {rows}."


def _place(mail: Mail, primary: str) -> str:
    if mail.name == primary:
        return "dns: {dkim: {file: dkim.txt}}"
    return f"domains: {{{mail.written}: {{dkim: {{file: {mail.name}.txt}}}}}}"
