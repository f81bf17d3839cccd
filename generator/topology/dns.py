"""The part of the topology about DNS: who hosts the zones, and what goes into them. Types only."""

from typing import Annotated, ClassVar

from msgspec import Meta

from generator import kinds
from generator.topology.table import Table

_RECORDS = Meta(
    description="Further records of the domain by name (@ is the domain itself) and type; ours are not replaced",
    examples=[{"www": {"A": "203.0.113.80"}, "@": {"TXT": "site-verification=1234"}}],
)


class Dmarc(Table, frozen=True, kw_only=True):
    """What receivers shall do with mail that fails, and where they report."""

    SHORT: ClassVar[str] = "policy"

    policy: Annotated[
        str,
        kinds.one_of("none", "quarantine", "reject"),
        Meta(description="Policy for failing mail, instead of none before DKIM is published and quarantine after"),
    ] = ""
    subdomains: Annotated[
        str,
        kinds.one_of("none", "quarantine", "reject"),
        Meta(description="Policy for sub-domains, where it differs"),
    ] = ""
    reports: Annotated[str, kinds.MAIL_ADDRESS, Meta(description="Where aggregate reports go")] = ""


class Dkim(Table, frozen=True, kw_only=True):
    """The public key with which receivers check signatures; it exists once Carbonio has made it."""

    SHORT: ClassVar[str] = "key"

    selector: Annotated[str, kinds.SELECTOR, Meta(description="Name of the key, instead of carbonio")] = ""
    key: Annotated[str, kinds.KEY_TEXT, Meta(description="The record's text, or all that zmdkimkeyutil printed")] = ""
    file: Annotated[
        str, kinds.RELATIVE_FILE, Meta(description="File beside the topology with what zmdkimkeyutil printed")
    ] = ""


class Spf(Table, frozen=True, kw_only=True):
    """Who sends mail of the domain besides the deployment."""

    SHORT: ClassVar[str] = "include"

    include: Annotated[
        tuple[str, ...],
        kinds.SPF_DOMAIN,
        Meta(description="Domains whose SPF records name further senders", examples=[["_spf.yourprovider.com"]]),
    ] = ()
    addresses: Annotated[tuple[str, ...], kinds.NETWORK, Meta(description="Further addresses that send")] = ()


class MailDomain(Table, frozen=True, kw_only=True):
    """A further mail domain; what is not said is as in dns."""

    zone: Annotated[str, kinds.DOMAIN, Meta(description="Zone that holds its records, instead of one of its own")] = ""
    existing_zone: Annotated[bool, kinds.SWITCH, Meta(description="Its zone exists already at the provider")] = False
    dkim: Dkim = Dkim()
    dmarc: Dmarc = Dmarc()
    records: Annotated[
        dict[Annotated[str, kinds.RECORD_NAME], dict[Annotated[str, kinds.RECORD_TYPE], tuple[str, ...]]],
        kinds.RECORD_TEXT,
        _RECORDS,
    ] = {}


class Dns(Table, frozen=True, kw_only=True):
    """Who hosts the public zone, and what goes into it."""

    SHORT: ClassVar[str] = "provider"

    provider: Annotated[
        str,
        kinds.WORD,
        Meta(
            description="Who hosts the zones: a provider, or none; without it the cloud's own, and on premises none",
            examples=["route53", "none"],
        ),
    ] = ""
    zone: Annotated[
        str, kinds.DOMAIN, Meta(description="Zone that holds the domain's records, where the domain is only a part")
    ] = ""
    existing_zone: Annotated[bool, kinds.SWITCH, Meta(description="The zone exists already at the provider")] = False
    delegated: Annotated[bool, kinds.SWITCH, Meta(description="The parent zone points to the existing zone")] = False
    ptr: Annotated[bool, kinds.SWITCH, Meta(description="Set reverse names; the A records are public")] = False
    ttl: Annotated[int, kinds.SECONDS, Meta(description="Time to live of the records in seconds")] = 300
    mx: Annotated[
        dict[Annotated[str, kinds.WORD], int],
        kinds.PREFERENCE,
        Meta(
            description="Preference of nodes with the MTA that is not 10; others try the smallest first",
            examples=[{"mta2": 20}],
        ),
    ] = {}
    dmarc: Dmarc = Dmarc()
    dkim: Dkim = Dkim()
    spf: Spf = Spf()
    caa: Annotated[
        tuple[str, ...],
        kinds.AUTHORITY,
        Meta(description="Certification authorities that may issue certificates", examples=[["letsencrypt.org"]]),
    ] = ()
    mta_sts: Annotated[
        str,
        kinds.one_of("none", "testing", "enforce"),
        Meta(description="Whether senders must encrypt to us (MTA-STS); the policy file is to be served by HTTPS"),
    ] = ""
    tls_reports: Annotated[
        str, kinds.MAIL_ADDRESS, Meta(description="Where reports about failed encryption go (TLS-RPT)")
    ] = ""
    autodiscover: Annotated[
        bool, kinds.SWITCH, Meta(description="Names under which mail programs look for their settings")
    ] = False
    silent_hosts: Annotated[
        bool, kinds.SWITCH, Meta(description="Say of host names that never send or receive mail that they do not")
    ] = False
    records: Annotated[
        dict[Annotated[str, kinds.RECORD_NAME], dict[Annotated[str, kinds.RECORD_TYPE], tuple[str, ...]]],
        kinds.RECORD_TEXT,
        _RECORDS,
    ] = {}
    forwarders: Annotated[
        tuple[str, ...],
        kinds.ADDRESS,
        Meta(description="Name servers that the DNS inside asks for everything else, instead of the cloud's"),
    ] = ()
    also_inside: Annotated[
        dict[str, tuple[str, ...]],
        kinds.ADDRESS,
        Meta(description="Further names of the domain, with the addresses they have inside the network"),
    ] = {}
