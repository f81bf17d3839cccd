"""Changes as operators make them: a deployment that stands, and an edit of its topology."""

from __future__ import annotations

from typing import NamedTuple

SECOND_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcdAzVyYrkgdHuCFMxLb4CtbqJDCgzmj3qVhYr2zTBr two@example.com"
PEER = "9mYqyTXKUzOLEFHw4HoxwX8tVnbIqTYaUBa1UAAVgnE="
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1iIBp1imCa6IdtcisMjGXBn6jwXiSsyycZBRngeEWZnCvdnMyQvKrQ1/aWgIUPslFibeMOx"
    "ILi8IBovaIjtblgRAmDTnYdG4eiyn/OHxDldqr8NZ0Eo+aYw2Ff/mxTjRmIAEEdFY+eCyTO6+OXhJ2fRRhrdy77Hbn6k6sOsBpu3FNzshJvUka8+lhPt"
    "ZM1Rtl450U0rjaDOjChIy1E21wOwznKk16QKhLKwrFXKIqAixTUcCu8qU80PKkYIgcIm4ZcBZ4SSDsOjCy6I++GO7eD/T+WLR+8DkLVtix3k3nL16IMl"
    "9y8BUQtHkqWtbs1YbkF6yIx5ryTOGNAhHET4rwIDAQAB"
)


class Values(NamedTuple):
    """What differs between the clouds."""

    provider: str
    region: str
    type: str
    image: str
    server: str
    smaller: str


CLOUDS = {
    "aws": Values("aws", "eu-central-1", "m6i.2xlarge", "ami-0123456789abcdef0", "module.nodes.aws_instance.this", ""),
    "hetzner": Values("hetzner", "fsn1", "cpx52", "123456789", "module.nodes.hcloud_server.this", "ccx33"),
}


class Scenario(NamedTuple):
    """A change.

    Attributes:
        base: Name of the topology that stands.
        edits: Texts in it, and what stands there afterwards; `$type` and the like are the cloud's.
        options: Of `terraform plan`.
        refused: Rule for which `generate` refuses it; empty where it does not.
        disagrees: Kinds of the disagreements with the plan that the review has to name.
        fresh: Nothing stands yet.
        only: The cloud on which it is possible; empty where it is on all.
    """

    base: str
    edits: tuple[tuple[str, str], ...]
    options: str = ""
    refused: str = ""
    disagrees: tuple[str, ...] = ()
    fresh: bool = False
    only: str = ""


def _direct(*edits: tuple[str, str], options: str = "", disagrees: tuple[str, ...] = ()) -> Scenario:
    return Scenario("direct", edits, options=options, disagrees=disagrees)


SCENARIOS: dict[str, Scenario] = {
    "nothing": _direct(("management:", "# A comment.\nmanagement:")),
    "imap-opened": _direct(("services: {", "services: {imap: true, ")),
    "imaps-closed": _direct(("imaps: true, ", "")),
    "smtp-closed": _direct(("services: {", "services: {smtp: false, ")),
    "service-for-ranges": _direct(("services: {", "services: {pop3s: [192.0.2.0/24, 198.51.100.64/26], ")),
    "node-added": _direct(("  video1: [chats, video]", "  video1: [chats, video]\n  video2: [video]")),
    "node-removed": _direct(
        ("  video1: [chats, video]\n", ""), ("services: {", "services: {video: false, "), ("# Two", "# Some")
    ),
    "mta-added": _direct(("  mta2: [mta, proxy]", "  mta2: [mta, proxy]\n  mta3: [mta, proxy]")),
    "mta-removed": _direct(("  mta2: [mta, proxy]\n", "")),
    "mx-preference": _direct(("  ttl: 3600", "  ttl: 3600\n  mx: {mta2: 100}")),
    "store-grown": _direct(("users: 150", "users: 300")),
    "store-shrunk": _direct(("users: 150", "users: 50")),
    "store-added": _direct(
        ("users: 150", "users: 250"),
        ("store1: [mailstore]", "store1: {roles: [mailstore], users: 150}\n  store2: [mailstore]"),
    ),
    "store-renamed": _direct(("store1: [mailstore]", "store2: [mailstore]")),
    "store-rebuilt": _direct(
        ("management:", "# A comment.\nmanagement:"),
        options="""-replace='$server["store1"]'""",
        disagrees=("destroys",),
    ),
    "role-moved": _direct(("database]", "database, chats]"), ("[chats, video]", "[video]")),
    "to-gateway": _direct(("management:", "exposure: gateway\nmanagement:")),
    "management-narrowed": _direct(("198.51.100.0/24", "198.51.100.0/28")),
    "management-widened": _direct(("[198.51.100.0/24]", "[198.51.100.0/24, 192.0.2.0/25]")),
    "release-raised": _direct(('"25.12"', '"26.6"')),
    "domain-added": _direct(("users: 150", "domains: {example.net: {}}\nusers: 150")),
    "image-changed": _direct(("mta1: [mta, proxy]", 'mta1: {roles: [mta, proxy], image: "$image"}')),
    "type-changed": _direct(("store1: [mailstore]", "store1: {roles: [mailstore], type: $type}")),
    "type-refused": Scenario(
        "direct",
        (("store1: [mailstore]", "store1: {roles: [mailstore], type: $smaller}"),),
        refused="disk-shrinks",
        only="hetzner",
    ),
    "dns-elsewhere": _direct(("dns:\n  ttl: 3600", "dns: {provider: none, ttl: 3600}")),
    "zone-existing": _direct(("  ttl: 3600", "  ttl: 3600\n  existing_zone: true")),
    "dkim-published": _direct(("  ttl: 3600", f'  ttl: 3600\n  dkim: {{key: "v=DKIM1; k=rsa; p={KEY}"}}')),
    "ttl-lowered": _direct(("ttl: 3600", "ttl: 300")),
    "open-internal": _direct(("management:", "troubleshooting: open-internal\nmanagement:")),
    "network-changed": _direct(("management:", "network: 10.30.0.0/16\nmanagement:")),
    "ssh-key-changed": _direct(
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/BBEmEyXDTzLd4O/lYsf8s032tI2w04LtMuXNlQlto admin@example.com",
            SECOND_KEY,
        )
    ),
    "protected": _direct(("region: $region}", "region: $region, protect: true}")),
    "first": Scenario("direct", (), fresh=True),
    "gateway-imap-opened": Scenario("gateway", (("users: 50", "services: {imaps: true}\nusers: 50"),)),
    "gateway-peer-added": Scenario("gateway", (("    alice:", f"    bob: {PEER}\n    alice:"),)),
    "gateway-vpn-only": Scenario("gateway", (("vpn:\n", "vpn:\n  only: true\n"),)),
    "gateway-to-direct": Scenario(
        "gateway",
        (
            ("exposure: gateway\n", ""),
            ("vpn:\n  peers:\n    alice: W2tEBqNfyJjdGGTTmZKwMHyP3PoyWzsd3ZrZhJm9Bz8=\n", ""),
        ),
    ),
}
