"""One tree laid over another: what an overlay or `--set` says wins, and every value keeps its place.

Mappings merge key by key, lists and scalars replace. A null takes away a key that stands below it. A short form counts
as the long form that it stands for, so that `{type: m6i.xlarge}` over the roles of a node keeps the roles.
"""

import yaml

from generator.load.shape import Shape
from generator.load.source import Removed, is_null, problem_at
from generator.problems import Problem


class Step(yaml.MappingNode):
    """A mapping of one key, as a step of `--set` makes it."""


class Item(yaml.MappingNode):
    """A place in a list, as `[0]` in a step of `--set` names it; its one key is the index."""


class _NoItemError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def merge(base: yaml.Node | None, over: yaml.Node, shape: Shape) -> tuple[yaml.Node | None, list[Problem]]:
    """Lay a tree over another; neither of them changes.

    Args:
        base: What lies below, None where there is nothing.
        over: What wins.
        shape: What may stand here.

    Returns:
        The merged tree, and what cannot be merged.
    """
    try:
        return _merged(base, over, shape), []
    except _NoItemError as error:
        return base, [error.problem]


def _merged(base: yaml.Node | None, over: yaml.Node, shape: Shape | None) -> yaml.Node:
    if isinstance(over, Item):
        return _with_item(base, over, shape)
    if base is None or is_null(base):
        if not isinstance(over, Step):
            return over
        base = yaml.MappingNode(over.tag, [], over.start_mark, over.end_mark)
    if isinstance(base, yaml.MappingNode) != isinstance(over, yaml.MappingNode):
        base, over = _long(base, shape), _long(over, shape)
    if isinstance(base, yaml.MappingNode) and isinstance(over, yaml.MappingNode):
        return _mapping(base, over, shape)
    return over


def _long(node: yaml.Node, shape: Shape | None) -> yaml.Node:
    """Return a short form as the mapping that it stands for; anything else as it is."""
    if shape is None or not shape.short or isinstance(node, yaml.MappingNode):
        return node
    key = yaml.ScalarNode("tag:yaml.org,2002:str", shape.short, node.start_mark, node.end_mark)
    return yaml.MappingNode("tag:yaml.org,2002:map", [(key, node)], node.start_mark, node.end_mark)


def _mapping(base: yaml.MappingNode, over: yaml.MappingNode, shape: Shape | None) -> yaml.MappingNode:
    below = {key.value: value for key, value in base.value if isinstance(key, yaml.ScalarNode)}
    above = {key.value: (key, value) for key, value in over.value if isinstance(key, yaml.ScalarNode)}
    pairs = []
    for key, value in base.value:
        wins = above.get(key.value) if isinstance(key, yaml.ScalarNode) else None
        if wins is None:
            pairs.append((key, value))
        elif is_null(wins[1]):
            pairs.append((wins[0], _removed(wins[1])))
        else:
            pairs.append((wins[0] if is_null(value) else key, _merged(value, wins[1], _below(shape, key.value))))
    for key, value in over.value:
        if not isinstance(key, yaml.ScalarNode):
            pairs.append((key, value))
        elif key.value not in below:
            pairs.append((key, _merged(None, value, _below(shape, key.value))))
    return yaml.MappingNode(base.tag, pairs, base.start_mark, base.end_mark)


def _below(shape: Shape | None, key: str) -> Shape | None:
    return shape.below(key) if shape is not None else None


def _removed(node: yaml.Node) -> Removed:
    return Removed(node.tag, "", node.start_mark, node.end_mark, style="")


def _with_item(base: yaml.Node | None, over: Item, shape: Shape | None) -> yaml.Node:
    """Return a list with one item replaced, or one more at its end."""
    key, value = over.value[0]
    items: list[yaml.Node] | None = None
    if isinstance(base, yaml.SequenceNode):
        items = list(base.value)
    elif base is None or is_null(base):
        items = []
    elif isinstance(base, yaml.ScalarNode) and shape is not None and shape.form in ("list", "opening"):
        items = [base]
    index = int(key.value)
    if items is None or index > len(items):
        message = f"[{index}] names no item: " + (
            "no list stands there" if items is None else f"the list has {len(items)}, counted from 0"
        )
        mend = "Write the whole list, as in: --set management=[198.51.100.0/24]"
        raise _NoItemError(problem_at(key, key.start_mark.name, "wrong-set", message, mend))
    item = shape.item if shape is not None and shape.form == "list" else None
    replaced = _merged(items[index] if index < len(items) else None, value, item)
    items[index : index + 1] = [replaced]
    place = base if base is not None else over
    return yaml.SequenceNode("tag:yaml.org,2002:seq", items, place.start_mark, place.end_mark)
