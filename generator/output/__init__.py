"""Stage five: files against a folder. Compares, reports, and writes so that no mix is ever applied."""

from generator.output.backend import refuse_second_backend
from generator.output.compare import Change, Comparison, compare, unified_diff
from generator.output.manifest import read_manifest
from generator.output.write import exclusive, write

__all__ = [
    "Change",
    "Comparison",
    "compare",
    "exclusive",
    "read_manifest",
    "refuse_second_backend",
    "unified_diff",
    "write",
]
