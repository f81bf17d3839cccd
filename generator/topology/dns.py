"""The part of the topology about DNS: who hosts the zones, and what goes into them. Types only."""

from typing import Annotated, ClassVar

from msgspec import Meta

from generator import kinds
from generator.topology.table import Table

_RECORDS = Meta(
    description="Records of your own, by name (@ is the domain itself) and type; what the deployment needs stays as it "
    "is",
    examples=[{"www": {"A": "203.0.113.80"}, "@": {"TXT": "site-verification=1234"}}],
)


class Dmarc(Table, frozen=True, kw_only=True):
    """DMARC: what receivers shall do with mail that fails SPF and DKIM, and where they report."""

    SHORT: ClassVar[str] = "policy"

    policy: Annotated[
        str,
        kinds.one_of("none", "quarantine", "reject"),
        Meta(
            description="Policy for failing mail; none until a DKIM key is given and quarantine after, unless said "
            "otherwise"
        ),
    ] = ""
    subdomains: Annotated[
        str,
        kinds.one_of("none", "quarantine", "reject"),
        Meta(description="Policy for sub-domains, where it differs"),
    ] = ""
    reports: Annotated[str, kinds.MAIL_ADDRESS, Meta(description="Mail address for the daily reports of receivers")] = (
        ""
    )


class Dkim(Table, frozen=True, kw_only=True):
    """DKIM: the public key with which receivers check signatures. It exists once Carbonio has made it."""

    SHORT: ClassVar[str] = "key"

    selector: Annotated[str, kinds.SELECTOR, Meta(description="Name of the key; carbonio unless said otherwise")] = ""
    key: Annotated[str, kinds.KEY_TEXT, Meta(description="The record's text, or all that zmdkimkeyutil printed")] = ""
    file: Annotated[
        str, kinds.RELATIVE_FILE, Meta(description="File beside the topology with what zmdkimkeyutil printed")
    ] = ""


class Spf(Table, frozen=True, kw_only=True):
    """SPF: who sends mail of the domain besides the deployment."""

    SHORT: ClassVar[str] = "include"

    include: Annotated[
        tuple[str, ...],
        kinds.SPF_DOMAIN,
        Meta(
            description="Domains whose SPF records name further senders, as your newsletter service tells you",
            examples=[["_spf.yourprovider.com"]],
        ),
    ] = ()
    addresses: Annotated[tuple[str, ...], kinds.SENDER, Meta(description="Addresses of further senders")] = ()


class MailDomain(Table, frozen=True, kw_only=True):
    """A further mail domain; what is not said is as in dns."""

    zone: Annotated[
        str, kinds.DOMAIN, Meta(description="Zone that holds its records; one of its own unless said otherwise")
    ] = ""
    existing_zone: Annotated[
        bool, kinds.SWITCH, Meta(description="Its zone exists already at the provider, and keeps what else is in it")
    ] = False
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
            description="Who hosts the public zone; route53 on AWS, hetzner on Hetzner, none on libvirt unless said "
            "otherwise"
        ),
    ] = ""
    zone: Annotated[
        str,
        kinds.DOMAIN,
        Meta(
            description="Zone that holds the records, where the domain is only a part of it (mail.example.com in "
            "example.com)"
        ),
    ] = ""
    existing_zone: Annotated[
        bool, kinds.SWITCH, Meta(description="The zone exists already at the provider, and keeps what else is in it")
    ] = False
    delegated: Annotated[
        bool,
        kinds.SWITCH,
        Meta(
            description="The existing zone is in use: the registrar has its name servers. Reverse names come with the "
            "first apply then"
        ),
    ] = False
    ptr: Annotated[
        bool, kinds.SWITCH, Meta(description="Set reverse names (PTR) now: the world sees the A records already (AWS)")
    ] = False
    ttl: Annotated[int, kinds.SECONDS, Meta(description="How long the world may remember a record, in seconds")] = 300
    mx: Annotated[
        dict[Annotated[str, kinds.WORD], int],
        kinds.PREFERENCE,
        Meta(
            description="Preference of nodes with the MTA, where it is not 10; senders try the smallest first",
            examples=[{"mta2": 20}],
        ),
    ] = {}
    dmarc: Dmarc = Dmarc()
    dkim: Dkim = Dkim()
    spf: Spf = Spf()
    caa: Annotated[
        tuple[str, ...],
        kinds.AUTHORITY,
        Meta(
            description="Certification authorities that may issue certificates (CAA); all unless said otherwise",
            examples=[["letsencrypt.org"]],
        ),
    ] = ()
    mta_sts: Annotated[
        str,
        kinds.one_of("none", "testing", "enforce"),
        Meta(description="Whether senders must encrypt (MTA-STS); you have to serve the policy file by HTTPS"),
    ] = ""
    tls_reports: Annotated[
        str, kinds.MAIL_ADDRESS, Meta(description="Mail address for reports about failed encryption (TLS-RPT)")
    ] = ""
    autodiscover: Annotated[
        bool, kinds.SWITCH, Meta(description="Publish the names under which mail programs look for their settings")
    ] = False
    silent_hosts: Annotated[
        bool, kinds.SWITCH, Meta(description="Publish for host names without mail that they never send or receive any")
    ] = False
    records: Annotated[
        dict[Annotated[str, kinds.RECORD_NAME], dict[Annotated[str, kinds.RECORD_TYPE], tuple[str, ...]]],
        kinds.RECORD_TEXT,
        _RECORDS,
    ] = {}
    forwarders: Annotated[
        tuple[str, ...],
        kinds.ADDRESS,
        Meta(
            description="Name servers that the DNS inside asks for everything else; the cloud's unless said otherwise"
        ),
    ] = ()
    also_inside: Annotated[
        dict[str, tuple[str, ...]],
        kinds.ADDRESS,
        Meta(description="Names of the domain beside the deployment's, each with its address inside the network"),
    ] = {}
