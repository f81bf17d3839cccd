"""What `generate review` may say of a change that a team does not want to merge unseen."""

VERDICTS: dict[str, str] = {
    "destroy-stateful": "a data volume, a public address or a DNS zone is destroyed or replaced",
    "destroy-machine": "a machine is destroyed or replaced",
    "new-internet-exposure": "the Internet can reach something that it could not reach",
    "management-widened": "more addresses may administrate",
    "management-narrowed": "addresses that could administrate no longer can: somebody may be locked out",
    "mail-dns": "MX, SPF, DKIM, DMARC or a reverse name changes or goes",
    "release-change": "another release of Carbonio",
    "plan-disagrees": "the Terraform plan says something that the topology does not",
}
"""Sentence by id; `--fail-on` and `accept:` take the ids."""
