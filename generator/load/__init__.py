"""Stage one: a file of YAML to a `Topology`, with the place of every value."""

from generator.load.decode import decode
from generator.load.keys import read_keys
from generator.load.source import Source, read_source

__all__ = ["Source", "decode", "read_keys", "read_source"]
