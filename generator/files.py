"""A generated file: its path below the output folder and its bytes. Types only."""

import msgspec


class GeneratedFile(msgspec.Struct, frozen=True, order=True):
    """A file to write.

    Attributes:
        path: Relative, with forward slashes, never leaving the folder.
    """

    path: str
    data: bytes
