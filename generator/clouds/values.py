"""What is the same on every cloud: values for Terraform, and the size of what is sent to a machine."""

from collections.abc import Mapping

from generator.plan import Deployment, Record

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


def records(found: tuple[Record, ...]) -> dict[str, object]:
    """Return record sets by key, as the modules below `modules/dns` take them."""
    return {
        record.key: {
            "name": record.name,
            "type": record.type,
            "ttl": record.ttl,
            "values": [{"text": value.text, "addresses": value.addresses} for value in record.values],
        }
        for record in found
    }
