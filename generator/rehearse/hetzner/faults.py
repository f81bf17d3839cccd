"""Faults on request. None happen by themselves.

A fault is one word:

    429*3                        the next 3 changing requests (POST, PUT, DELETE) answer 429
    503                          the next one answers 503; also 409, 423, 500, 502, 504
    503*2@volumes                the next 2 changing requests to /v1/volumes...
    resource_unavailable:mta1    every attempt to create the server mta1 finds no free machine
    resource_unavailable:mta1*1  the first attempt; `*` as the name means any server
    placement_error:mta1*1       likewise, with the error of a full placement group
    action_failed:attach_volume*1   the next action with that command ends in an error, without effect
    slow:2.5                     every action takes 2.5 seconds
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generator.rehearse.hetzner.errors import STATUS, ApiError

_CODES = {
    status: code
    for code, status in STATUS.items()
    if code in ("bad_gateway", "conflict", "locked", "rate_limit_exceeded", "server_error", "timeout", "unavailable")
}
_REQUEST = re.compile(r"(?P<status>[45]\d\d)(?:\*(?P<times>\d+))?(?:@(?P<family>[a-z_]+))?")
_NAMED = re.compile(r"(?P<kind>[a-z_]+):(?P<name>\*|[^*]+)(?:\*(?P<times>\d+))?")
_PLACEMENTS = ("placement_error", "resource_unavailable")
_ALWAYS = 1 << 30


@dataclass
class _Fault:
    kind: str
    name: str
    times: int


class Faults:
    """The faults of one simulator.

    Args:
        words: Faults as the module describes them.

    Raises:
        ValueError: A word is no fault.
    """

    def __init__(self, words: Sequence[str] = ()) -> None:
        self.seconds: float | None = None
        self._pending: list[_Fault] = []
        for word in words:
            self._add(word)

    def _add(self, word: str) -> None:
        request = _REQUEST.fullmatch(word)
        named = _NAMED.fullmatch(word)
        if request and int(request["status"]) in _CODES:
            code = _CODES[int(request["status"])]
            self._pending.append(_Fault(code, request["family"] or "", int(request["times"] or 1)))
        elif named and named["kind"] == "slow":
            self.seconds = float(named["name"])
        elif named and named["kind"] in (*_PLACEMENTS, "action_failed"):
            self._pending.append(_Fault(named["kind"], named["name"], int(named["times"] or _ALWAYS)))
        else:
            raise ValueError(f"no fault: {word}")

    def refuse_request(self, family: str) -> None:
        """Raises the next fault of changing requests to a family, such as `servers`."""
        for code in _CODES.values():
            if self._take(code, (family, "")):
                raise ApiError(code, f"rehearsed fault: {code.replace('_', ' ')}")

    def refuse_placement(self, server: str) -> None:
        """Raises the next fault of a server's placement."""
        for code in _PLACEMENTS:
            if self._take(code, (server, "*")):
                raise ApiError(code, "error during placement")

    def fails(self, command: str) -> bool:
        """Returns whether an action with this command shall fail."""
        return self._take("action_failed", (command, "*"))

    def _take(self, kind: str, names: Sequence[str]) -> bool:
        for fault in self._pending:
            if fault.kind == kind and fault.name in names and fault.times > 0:
                fault.times -= 1
                return True
        return False
