"""What every mapping of the topology has in common."""

from typing import ClassVar

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping of the topology file.

    Attributes:
        SHORT: The field that is meant when something other than a mapping is written.
    """

    SHORT: ClassVar[str] = ""
