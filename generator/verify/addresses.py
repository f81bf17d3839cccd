"""Addresses that exist only after apply: from a file, or from Terraform's outputs."""

import json
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Any

from generator.errors import InputError
from generator.plan import Plan
from generator.problems import nearest

_PREFIX = "public:"
NOTHING_APPLIED = "nothing is applied yet"
"""Why there are no addresses before the first apply."""

_SHAPE = 'It is what "terraform output -json" prints, or {"public:mta1": "203.0.113.5"}.'


def symbols(plan: Plan) -> list[str]:
    """Return the symbols that the public records and reverse names of a plan hold, sorted."""
    dns = plan.dns
    used = {symbol for record in dns.public for value in record.values for symbol in value.addresses}
    used |= {symbol for names in (dns.ptr, dns.ptr_later, dns.ptr_elsewhere) for symbol in names if ":" in symbol}
    return sorted(used)


def read_addresses(path: Path, plan: Plan) -> dict[str, str]:
    """Return addresses by symbol from a file.

    Raises:
        InputError: It cannot be read, or holds something else.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        reason = why.strerror if isinstance(why, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read: {reason}", _SHAPE) from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as why:
        raise InputError(f"{path} is no JSON: {why}", _SHAPE) from None
    return addresses_in(data, str(path), plan)


def addresses_in(data: Any, source: str, plan: Plan) -> dict[str, str]:
    """Return addresses by symbol from decoded JSON.

    Args:
        data: The outputs of Terraform, or addresses by symbol.
        source: Where it came from, for messages.
        plan: Whose nodes the symbols name.

    Raises:
        InputError: It has another shape, names no node of the plan, or what it calls an address is none.
    """
    if not isinstance(data, dict):
        raise InputError(f"{source} holds no addresses", _SHAPE)
    nodes = data.get("nodes")
    if isinstance(nodes, dict):
        return _of_outputs(nodes.get("value", nodes), source)
    found: dict[str, str] = {}
    known = [f"{_PREFIX}{name}" for name in plan.nodes]
    for key, value in data.items():
        symbol = key if key.startswith(_PREFIX) else f"{_PREFIX}{key}"
        if symbol not in known and symbol not in symbols(plan):
            raise InputError(f'{source}: "{key}" is no address of this deployment{nearest(symbol, known)}', _SHAPE)
        found[symbol] = _address(value, key, source)
    return found


def _of_outputs(nodes: Any, source: str) -> dict[str, str]:
    if not isinstance(nodes, dict):
        raise InputError(f'{source}: its output "nodes" is no map of nodes', _SHAPE)
    found = {}
    for name, node in nodes.items():
        if not isinstance(node, dict):
            raise InputError(f'{source}: its node "{name}" is no map', _SHAPE)
        address = node.get("public_address")
        if address is not None:
            found[f"{_PREFIX}{name}"] = _address(address, name, source)
    return found


def _address(value: Any, key: str, source: str) -> str:
    try:
        return str(IPv4Address(value if isinstance(value, str) else ""))
    except AddressValueError:
        raise InputError(f"{source}: {json.dumps(value)[:60]}, given for {key}, is no IPv4 address", _SHAPE) from None


def from_terraform(folder: Path, plan: Plan) -> tuple[dict[str, str], str]:
    """Return addresses by symbol from the deployment's state, and why there are none.

    Args:
        folder: Where Terraform is applied.
        plan: Whose nodes the symbols name.
    """
    from generator.terraform import Terraform, find_binary

    binary = find_binary()
    if not (folder / "main.tf").is_file():
        return {}, f"nothing was generated in {folder}"
    if binary is None:
        return {}, "neither terraform nor tofu is installed here"
    result = Terraform(folder, binary).output()
    if result.code:
        return {}, f"terraform output failed: {_first_line(result.err or result.out)}"
    try:
        found = addresses_in(json.loads(result.out), "terraform output", plan)
    except (ValueError, RecursionError):
        return {}, "terraform output printed no JSON"
    except InputError as error:
        return {}, str(error)
    return found, "" if found else NOTHING_APPLIED


def _first_line(text: str) -> str:
    lines: Iterable[str] = (line.strip(" │╷╵\t") for line in text.splitlines())
    return next(filter(None, lines), "it said nothing")
