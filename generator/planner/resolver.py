"""DNS inside, where the cloud serves no zone to the private network: who answers, and what."""

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import GATEWAY, DnsPlan, Resolver
from generator.planner.addresses import Placement

_MOST = 2
_BUSY = frozenset({"mta", "proxy"})
_ANSWERED = ("A", "MX")


def choose_resolvers(context: Context, lock: Lock) -> tuple[str, ...]:
    """Return the machines that answer DNS inside: the gateway, or two nodes that serve no mail clients.

    Nodes that answered before go on; the others are taken in the order of the file.
    """
    if context.capabilities.private_zone:
        return ()
    if context.through_gateway:
        return (GATEWAY,)
    quiet = [name for name, node in context.nodes.items() if _BUSY.isdisjoint(node.roles)] or list(context.nodes)
    before = [name for name in lock.resolvers if name in quiet]
    return tuple(dict.fromkeys([*before, *quiet]))[:_MOST]


def plan_resolver(context: Context, names: tuple[str, ...], placement: Placement, dns: DnsPlan) -> Resolver | None:
    """Return what the machines with these names answer, or None without any.

    Only names of the deployment are answered: everything else of the domain (SPF, DKIM, a web site) is
    asked where the world asks, so both views agree.
    """
    if not names:
        return None
    world = frozenset(dns.public)
    # The MX is asked for at installation, when the world may not have heard of it yet.
    own = f"{context.topology.domain} MX"
    answered = [one for one in dns.inside if one.type in _ANSWERED and (one not in world or one.key == own)]
    return Resolver(
        addresses={name: placement.nodes[name].address for name in names},
        upstream=context.forwarders,
        domain=context.topology.domain,
        # dnsmasq takes the first name of an address for the reverse one: a node's own, not the public one.
        records=tuple(sorted(answered, key=lambda record: record.name == dns.public_name)),
    )
