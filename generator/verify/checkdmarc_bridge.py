"""checkdmarc, asked to use our resolver alone.

It parses SPF and DMARC and follows what they refer to. By itself it would keep answers in one store for all resolvers,
and look up the `exp=` of an SPF record with the resolvers of its argument `nameservers` or the system's, whatever its
argument `resolver` is: it gets both. Its list of public suffixes comes with its package; it opens HTTP connections
for DNS over HTTPS and MTA-STS policies only, which are not asked of it.
"""

import logging
from functools import cache
from typing import Any, TypedDict

import dns.nameserver
import dns.resolver

from generator.errors import SurroundingsError
from generator.verify.ask import Bridge, Client


class Asking(TypedDict):
    """Arguments of every function of checkdmarc that asks something."""

    nameservers: list[dns.nameserver.Nameserver]
    resolver: dns.resolver.Resolver
    retries: int


def asking(client: Client) -> Asking:
    """Return the arguments that make checkdmarc ask through a client."""
    server = dns.nameserver.Do53Nameserver(client.server.address, client.server.port)
    return {"nameservers": [server], "resolver": Bridge(client), "retries": 0}


@cache
def library() -> tuple[Any, Any]:
    """Return checkdmarc's modules for SPF and DMARC.

    Raises:
        SurroundingsError: It is not installed.
    """
    try:
        import checkdmarc.dmarc
        import checkdmarc.spf
        import checkdmarc.utils
        from expiringdict import ExpiringDict
    except ImportError as why:
        raise SurroundingsError(
            f"generate verify needs checkdmarc, which is not installed: {why}",
            "Install it: pip install 'carbonio-generate[verify]'",
        ) from None
    # What it would log about resolvers, the report says.
    logging.getLogger("checkdmarc").addHandler(logging.NullHandler())
    # One store for all resolvers would mix their answers; each client remembers its own.
    checkdmarc.utils.DNS_CACHE = ExpiringDict(max_len=1, max_age_seconds=0)
    return checkdmarc.spf, checkdmarc.dmarc
