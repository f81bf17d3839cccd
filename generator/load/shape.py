"""What may stand at a place of a topology, read from the annotations of its structs."""

import types
import typing
from functools import cache
from typing import Any

import msgspec

from generator.kinds import OPENING
from generator.kinds.kind import Kind
from generator.topology import Table


class Shape(msgspec.Struct, frozen=True):
    """What may stand at a place of the tree.

    Attributes:
        form: `scalar`, `list`, `map`, `table` or `opening`.
        kind: Of a scalar.
        table: The struct of a table.
        item: What a list or map holds.
        key: Of the keys of a map.
    """

    form: str
    kind: Kind | None = None
    table: type[Table] | None = None
    item: "Shape | None" = None
    key: Kind | None = None

    @property
    def short(self) -> str:
        """The key that is meant where something other than a mapping stands; empty where nothing is."""
        return self.table.SHORT if self.table is not None else ""

    def below(self, key: str) -> "Shape | None":
        """Return the shape of what stands under a key, or None where the key is unknown."""
        if self.table is not None:
            field = fields_of(self.table).get(key)
            return field.shape if field is not None else None
        return self.item if self.form == "map" else None


class Field(msgspec.Struct, frozen=True):
    """A key of a table."""

    shape: Shape
    required: bool


@cache
def fields_of(table: type[Table]) -> dict[str, Field]:
    """Return the keys of a table, in the order in which they are declared."""
    hints = typing.get_type_hints(table, include_extras=True)
    required = {field.name for field in msgspec.structs.fields(table) if field.required}
    return {
        name: Field(_shape(hint), name in required) for name, hint in hints.items() if name in table.__struct_fields__
    }


def _shape(hint: Any, kind: Kind | None = None) -> Shape:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _shape(args[0], next((extra for extra in args[1:] if isinstance(extra, Kind)), kind))
    if kind is OPENING and origin is types.UnionType:
        return Shape("opening", kind)
    if origin is types.UnionType:
        return _shape(next(arg for arg in args if arg is not type(None)), kind)
    if origin is tuple:
        return Shape("list", item=_shape(args[0], kind))
    if origin is dict:
        return Shape("map", item=_shape(args[1], kind), key=_shape(args[0]).kind)
    if isinstance(hint, type) and issubclass(hint, Table):
        return Shape("table", table=hint)
    return Shape("scalar", kind)
