"""Kinds of scalars that are numbers, with a unit or without."""

import re
from collections.abc import Mapping

from generator.kinds import remedies
from generator.kinds.kind import Kind, any_case, written


def _whole(expected: str, least: int, most: int, placeholder: int | None, example: int) -> Kind:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        if not least <= value <= most:
            raise ValueError
        return value

    return Kind(
        expected,
        parse,
        placeholder,
        remedy=remedies.as_number(least, most),
        schema={"type": "integer", "minimum": least, "maximum": most},
        usual=f"Write a number in that range, in digits alone, as in: {example}",
    )


def _measured(expected: str, units: Mapping[str, float], most: int, usual: str, example: str) -> Kind:
    known = {unit.lower(): factor for unit, factor in units.items()}

    def parse(value: object) -> int:
        match = re.fullmatch(rf"({_AMOUNT}) ?([A-Za-z%]{{1,5}})", str(value))
        if not match or match[2].lower() not in known:
            raise ValueError("a bare number has no unit" if re.fullmatch(r"[\d.]+", str(value)) else "")
        amount = float(match[1]) * known[match[2].lower()]
        if amount != int(amount):
            raise ValueError("it must come to a whole number of the smaller unit")
        if amount > most:
            raise ValueError("that is more than any deployment holds")
        return int(amount)

    names = "|".join(any_case(unit) for unit in units)
    return Kind(
        expected,
        parse,
        0,
        remedy=remedies.with_unit(usual, units),
        schema=written(f"{_AMOUNT} ?(?:{names})"),
        usual=f"Write a number and its unit, {example}",
    )


_AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,3})?"


COUNT = _whole("a whole number from 1 to 10 million", 1, 10_000_000, None, 150)
PORT = _whole("a port from 1 to 65535", 1, 65_535, 51_820, 51_820)
PREFERENCE = _whole("a preference from 0 to 65535", 0, 65_535, 10, 10)
SECONDS = _whole("a number of seconds from 30 to 604800", 30, 604_800, 300, 300)
_SIZES = {"GB": 1, "GiB": 1, "TB": 1024, "TiB": 1024}
SIZE = _measured("a size such as 5 GB", _SIZES, 10_000_000, "GB", "GB or TB, as in: 5 GB")
_HOURS = {"h": 1, "hour": 1, "hours": 1}
HOURS = _measured("a duration such as 200 hours", _HOURS, 10_000_000, "hours", "as in: 200 hours")
PERCENT = _measured("a share such as 20 %", {"%": 1}, 1_000, "%", "as in: 20 %")
