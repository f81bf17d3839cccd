"""The topology as JSON Schema, for editors and for the reference: made from the model, the facts and the clouds.

Editors read YAML 1.2, the loader some of YAML 1.1; and a schema knows no cross-references. So the schema is wider
than the loader where it has to be, and narrower nowhere: an editor must not mark what `generate` accepts.
"""

import json
from pathlib import Path
from typing import Any

MADE = Path(__file__).with_name("topology.schema.json")
"""What `script/docs` made of the model: all releases and clouds would take as long to read as to generate."""


def schema_text() -> str:
    """Return the schema as the text of a file: ASCII, keys in the order of the reference."""
    return MADE.read_text("ascii")


def make_schema_text() -> str:
    """Make that text anew."""
    return json.dumps(topology_schema(), indent=1) + "\n"


def topology_schema() -> dict[str, Any]:
    """Make the schema of a topology, JSON Schema draft 7."""
    from generator.schema.choices import choices, required_together, words
    from generator.schema.shapes import table
    from generator.topology import Topology

    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Made by script/docs; do not edit.",
        **table(Topology, (), words()),
        "title": "topology",
        "description": "A Carbonio deployment: what runs where, and who may reach it.",
        "allOf": [*choices(), *required_together()],
    }
