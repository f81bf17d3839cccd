"""DNS providers: which modules and Terraform providers host the public zone. Independent of the cloud."""

import msgspec

from generator.capabilities import Provider


class DnsProvider(msgspec.Struct, frozen=True):
    """Who hosts the public zone.

    Attributes:
        modules: Folders of the modules in use, below `modules/`.
    """

    modules: tuple[str, ...]
    providers: tuple[Provider, ...]


AWS_PROVIDER = Provider("aws", "hashicorp/aws", "~> 5.100")
"""Terraform's AWS provider, for whatever of AWS is in use."""

DNS_PROVIDERS: dict[str, DnsProvider] = {
    "none": DnsProvider((), ()),
    "route53": DnsProvider(("dns/records", "dns/route53"), (AWS_PROVIDER,)),
}
"""Every DNS provider by the name that a topology uses; `templates/dns/<name>` holds its part of the root."""
