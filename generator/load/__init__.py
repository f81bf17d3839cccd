"""Stage one: files of YAML to a `Topology`, with the place of every value."""

from generator.load.decode import decode
from generator.load.keys import read_keys
from generator.load.layers import read_source
from generator.load.source import Source

__all__ = ["Source", "decode", "read_keys", "read_source"]
