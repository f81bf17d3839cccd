"""A topology, the overlays that lie over it, and what was set on the command line, as one tree."""

import os
from collections.abc import Sequence
from pathlib import Path

import yaml

from generator.load.assignment import SET, assignment, text_of
from generator.load.merge import merge
from generator.load.parse import decode_text, parse_text
from generator.load.read import read_bytes
from generator.load.shape import Shape
from generator.load.source import Source, problem_at
from generator.problems import Problem
from generator.topology import Topology

_TOP = Shape("table", table=Topology)
_NO_TOPOLOGY = "Write one with generate init. For the commands see generate --help."
_NO_OVERLAY = "An overlay is looked for from the folder in which generate runs."


def read_source(
    topology: str, overlays: Sequence[str] = (), assignments: Sequence[str] = ()
) -> tuple[Source, list[Problem]]:
    """Read a topology and what lies over it, in this order: overlays as they are named, then assignments.

    Args:
        topology: The path of the topology file; positions show it as it is.
        overlays: Paths of files with what differs.
        assignments: `KEY=VALUE`, each.

    Returns:
        The tree, and what is wrong with the files as YAML. The tree is None where one of them is no YAML at all.

    Raises:
        InputError: A file cannot be read.
    """
    source = Source(os.path.normpath(topology), None, {})
    problems: list[Problem] = []
    readable = True
    for layer, path in enumerate([topology, *overlays]):
        shown = os.path.normpath(path)
        text, wrong = decode_text(read_bytes(Path(path), shown, _NO_OVERLAY if layer else _NO_TOPOLOGY), shown)
        source.texts[shown] = text
        root = None
        if not wrong:
            root, wrong = parse_text(text, shown)
        readable = readable and (root is not None or not wrong)
        problems += wrong
        if layer == 0:
            source.root = root
        elif isinstance(root, yaml.MappingNode):
            problems += _lay(source, root)
        elif root is not None:
            message = "the overlay is not a mapping of keys to values"
            problems.append(problem_at(root, shown, "not-a-topology", message, "Start with a key: domain:"))
        elif not wrong and "#" not in text:
            # What a failed download or decryption leaves would give production the settings of the topology.
            mend = "Where it is meant to change nothing, write {}."
            problems.append(problem_at(None, shown, "not-a-topology", "the overlay is empty", mend))
    if assignments:
        source.texts[SET] = text_of(assignments)
    for line, text in enumerate(assignments):
        root, wrong = assignment(text, line, _TOP)
        problems += wrong
        if root is not None:
            problems += _lay(source, root)
    if not readable:
        source.root = None
    return source, [source.shown(problem) for problem in problems]


def _lay(source: Source, over: yaml.Node) -> list[Problem]:
    if source.root is not None and not isinstance(source.root, yaml.MappingNode):
        return []  # It is no topology, and said to be none.
    source.root, problems = merge(source.root, over, _TOP)
    return problems
