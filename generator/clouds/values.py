"""Values for Terraform that look the same on every cloud."""

from generator.plan import Record


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
