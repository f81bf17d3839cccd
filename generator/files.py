"""A generated file: its path below the output folder and its bytes; and how JSON looks in one."""

import msgspec

BACKEND_NAME = "backend.tf"
"""Where the Terraform says where its state is kept."""


class GeneratedFile(msgspec.Struct, frozen=True, order=True):
    """A file to write.

    Attributes:
        path: Relative, with forward slashes, never leaving the folder.
    """

    path: str
    data: bytes


def json_bytes(value: object) -> bytes:
    """Return a value as JSON with sorted keys, indented, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2) + b"\n"
