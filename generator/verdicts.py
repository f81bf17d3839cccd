"""What `generate review` may say of a change that a team does not want to merge unseen."""

VERDICTS: dict[str, str] = {
    "destroy-stateful": "a data volume, a public address, a DNS zone or a machine with data is destroyed or replaced",
    "destroy-machine": "a machine is destroyed or replaced",
    "new-internet-exposure": "the Internet can reach something that it could not reach",
    "management-widened": "more addresses, or more peers of the VPN, may administrate",
    "management-narrowed": "addresses or peers of the VPN can no longer administrate: somebody may be locked out",
    "mail-dns": "MX, SPF, DKIM, DMARC or a reverse name changes or goes, or a whole zone",
    "release-change": "another release of Carbonio",
    "plan-disagrees": "the Terraform plan says something that the topology does not",
}
"""Sentence by id; `--fail-on` and `accept:` take the ids."""

CAUTIONS: dict[str, str] = {
    "acceptance-of-all": "An acceptance that names nothing in only takes whatever meets its verdict, of every change "
    "until it ends. Where that is far away, a later change that nobody meant passes as well.",
    "mail-refused": "The MX leads to nodes that no longer let anybody outside in on port 25: mail for the domains "
    "waits with its senders, and goes back to them after days.",
    "mx-remembered": "Resolvers keep an MX for its time to live. Until that has passed, others deliver by the old one: "
    "lower dns.ttl in a change of its own before, or keep the old hosts answering as long.",
    "state-moves": "Terraform looks for its state at another place. Where nobody moved it there, it finds none, plans "
    "everything anew, and would build it beside what stands: terraform init -migrate-state moves it.",
    "zone-leaves": "A zone that this deployment made is deleted with all of its records. Where it was in use, nobody "
    "finds the domain any more, and mail for it goes back.",
}
"""Text by id: what only a review warns of. Its other warnings are those of every run, and of verdicts."""
