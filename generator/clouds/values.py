"""What is the same on every cloud: values for Terraform, and the size of what is sent to a machine."""

from collections.abc import Iterator, Mapping

from generator.plan import Deployment, DnsPlan, Record

_GZIP_MARGIN = 512
"""Terraform's gzip and Python's differ by a few bytes, and a shorter text may compress to more."""


def longest_compressed(user_data: Mapping[str, str]) -> tuple[str, int]:
    """Return the node with the longest user-data, and the most bytes that it may have compressed.

    Nodes differ by a few hundred characters, so the longest text stands for all.
    """
    import zlib

    longest = max(user_data, key=lambda node: (len(user_data[node]), node))
    return longest, len(zlib.compress(user_data[longest].encode())) + _GZIP_MARGIN


def key_pair(deployment: Deployment) -> dict[str, object]:
    """Return the operator's key: one that exists in the cloud, or the first of the topology."""
    existing = deployment.existing_key_pair
    return {
        "public_key": None if existing else deployment.ssh_keys[0],
        "existing_key_pair": existing or None,
    }


def public_dns(dns: DnsPlan) -> dict[str, object]:
    """Return the public zones, their record sets by key, and reverse names."""
    return {
        "zones": {zone.name: {"existing": zone.existing} for zone in dns.zones.values()},
        "public": {key: {"zone": zone, **entry} for zone, key, entry in _records(dns.public)},
        "ptr": dns.ptr,
    }


def records(found: tuple[Record, ...]) -> dict[str, object]:
    """Return record sets by key, as the modules below `modules/dns` take them."""
    return {key: entry for _, key, entry in _records(found)}


def _records(found: tuple[Record, ...]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield zone, key and content of record sets."""
    for record in found:
        entry = {
            "name": record.name,
            "type": record.type,
            "ttl": record.ttl,
            "values": [{"text": value.text, "addresses": value.addresses} for value in record.values],
        }
        yield record.zone, record.key, entry
