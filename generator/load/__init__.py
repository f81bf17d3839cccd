"""Stage one: a file of YAML to a `Topology`, with the place of every value."""

from generator.load.decode import decode
from generator.load.source import Source, read_source

__all__ = ["Source", "decode", "read_source"]
