"""The clouds. One line here, one file beside it: nothing else names a cloud."""

from importlib import import_module
from typing import cast

from generator.capabilities import DnsProvider
from generator.clouds.base import Cloud


def _cloud(name: str) -> Cloud:
    """Return `CLOUD` of a module of this package; by name, so that a cloud is one line."""
    return cast(Cloud, import_module(f"generator.clouds.{name}").CLOUD)


REGISTRY: dict[str, Cloud] = {
    "aws": _cloud("aws"),
    "hetzner": _cloud("hetzner"),
    "libvirt": _cloud("libvirt"),
}
"""Every cloud by the name that a topology uses."""

DNS_PROVIDERS: dict[str, DnsProvider] = {
    "none": DnsProvider((), ()),
    **{name: provider for cloud in REGISTRY.values() for name, provider in cloud.dns_providers.items()},
}
"""Every DNS provider by the name that a topology uses, on whatever cloud the machines stand."""

__all__ = ["DNS_PROVIDERS", "REGISTRY", "Cloud"]
