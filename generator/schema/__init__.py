"""The topology as JSON Schema, for editors and for the reference: made from the model, the facts and the clouds.

Editors read YAML 1.2, the loader some of YAML 1.1; and a schema knows no cross-references. So the schema is wider
than the loader where it has to be, and narrower nowhere: an editor never marks what `generate` accepts.
"""

import json
from typing import Any

from generator.schema.choices import choices, required_together, words
from generator.schema.shapes import table

Schema = dict[str, Any]


def topology_schema() -> Schema:
    """Return the schema of a topology, JSON Schema draft 7."""
    from generator.topology import Topology

    found = table(Topology, (), words())
    found["title"] = "topology"
    found["description"] = "A Carbonio deployment: what runs where, and who may reach it."
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Made by generate schema; do not edit.",
        **found,
        "allOf": [*choices(), *required_together()],
    }


def schema_text() -> str:
    """Return the schema as the text of a file: ASCII, keys in the order of the reference."""
    return json.dumps(topology_schema(), indent=1) + "\n"
