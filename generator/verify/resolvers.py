"""Which resolvers are asked: those of the command line, or the machine's own."""

import re
from collections.abc import Sequence
from ipaddress import ip_address

import msgspec

from generator.errors import InputError, SurroundingsError

_PORT = 53
_SHAPE = "It is an address with or without a port: 9.9.9.9, 127.0.0.1:5353, 127.0.0.1#5353, [2620:fe::fe]:53."


class Server(msgspec.Struct, frozen=True):
    """Where a resolver answers."""

    address: str
    port: int

    def __str__(self) -> str:
        return self.address if self.port == _PORT else f"{self.address}#{self.port}"


def chosen(words: Sequence[str]) -> list[Server]:
    """Return the resolvers that are named, each once, or the system's where none is.

    Raises:
        InputError: A word names none.
        SurroundingsError: None is named and the system has none.
    """
    return list(dict.fromkeys(map(parse, words))) or _of_system()


def parse(word: str) -> Server:
    """Return the resolver that a word of the command line names.

    Raises:
        InputError: It names none.
    """
    match = re.fullmatch(r"(?:\[([^\]]+)\]|([^#:\[\]]+)|([^#\[\]]+?))(?:[:#]([0-9]{1,5}))?", word.strip())
    if match is None:
        raise InputError(f'--resolver: "{word}" is no address of a resolver', _SHAPE)
    text = match[1] or match[2] or match[3]
    port = match[4]
    if match[3] and port and "#" not in word:
        # Without brackets what follows the last colon belongs to an IPv6 address.
        text, port = word.strip(), None
    try:
        address = str(ip_address(text))
    except ValueError:
        raise InputError(f'--resolver: "{text}" is no address', f"{_SHAPE} A name would need a resolver.") from None
    number = int(port) if port else _PORT
    if not 0 < number < 65_536:
        raise InputError(f"--resolver: {number} is no port", _SHAPE)
    return Server(address, number)


def _of_system() -> list[Server]:
    from dns.inet import is_address
    from dns.resolver import NoResolverConfiguration, Resolver

    try:
        found = [server for server in Resolver().nameservers if isinstance(server, str)]
    except (NoResolverConfiguration, OSError):
        found = []
    servers = [Server(text, _PORT) for text in dict.fromkeys(found) if is_address(text)]
    if not servers:
        raise SurroundingsError("this machine has no resolver", "Name one: generate verify --dns --resolver 9.9.9.9")
    return servers
