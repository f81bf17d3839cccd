"""What a later run changes of machines that are there, where the apply does not do it alone, or does more."""

import hashlib
import re
from collections.abc import Iterator

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import Plan
from generator.problems import Finding, few

_ROUTER = "router"
_DAY_TWO = "see Day two in docs/generated.md"


def changes(context: Context, lock: Lock, now: Lock, plan: Plan) -> Iterator[Finding]:
    """Yield what is different from the run before and has consequences; nothing where an older version wrote the lock.

    Args:
        context: The topology.
        lock: What was chosen before.
        now: What is chosen now.
        plan: What was decided now.
    """
    if lock.release not in ("", now.release):
        back = _number(now.release) < _number(lock.release)
        mend = f"The nodes keep it until you upgrade Carbonio on them; new ones get {now.release} at once."
        mend = f"Carbonio has no way back: write {lock.release} again." if back else mend
        yield _warning("release-changes", "release", f"the release was {lock.release}", mend)
    if lock.ssh_keys not in ("", now.ssh_keys):
        why = "ssh_keys changes, and machines that run keep the keys of their first boot"
        yield _warning("ssh-keys-change", "ssh_keys", why, "Change ~/.ssh/authorized_keys on them, or rebuild them.")
    yield from _on_premises(lock, now)
    yield from _reverse_names(lock, now)
    yield from _forwards(context, lock, plan)


def remembered(context: Context, plan: Plan) -> Lock:
    """Return the part of the lock that no choice depends on: it is kept so that a change can be said."""
    uplink = context.topology.cloud.uplink
    keys = sorted(" ".join(key.split()[:2]) for key in plan.deployment.ssh_keys)
    stated = {name: node.stated_address for name, node in plan.nodes.items() if node.stated_address}
    if plan.router is not None:
        stated[_ROUTER] = plan.router.public_address
    return Lock(
        release=plan.deployment.release,
        exposure=plan.deployment.exposure if context.capabilities.on_premises else "",
        uplink=uplink.bridge or uplink.network or uplink.cidr,
        stated_addresses=stated,
        reverse_names={**plan.dns.ptr, **plan.dns.ptr_later, **plan.dns.ptr_elsewhere},
        ssh_keys=hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16] if keys else "",
    )


def _on_premises(lock: Lock, now: Lock) -> Iterator[Finding]:
    if lock.exposure not in ("", now.exposure):
        why = f"the exposure was {lock.exposure}: the apply moves running machines to other networks, off and on again"
        mend = f"Interfaces are set at the first boot: rebuild the machines that terraform plan names, {_DAY_TWO}."
        yield _warning("exposure-changes", "exposure", why, mend)
    elif lock.uplink not in ("", now.uplink):
        why = f"the uplink was {lock.uplink}: the apply moves the machines on it, off and on again"
        yield _warning("uplink-changes", "cloud", why, "Let it happen when nobody works.", "uplink")
    for name, address in now.stated_addresses.items():
        before = lock.stated_addresses.get(name, address)
        if address != before:
            why = f"the public address of {'your ' * (name == _ROUTER)}{name} was {before}"
            mend = "Forwards, records, SPF and the reverse name have to follow: the hand-over sheet has them."
            if name != _ROUTER:
                mend += f" An interface that has the address is set at the first boot: rebuild the machine, {_DAY_TWO}."
            yield _warning("public-address-changes", "cloud", why, mend)


def _reverse_names(lock: Lock, now: Lock) -> Iterator[Finding]:
    for address, name in now.reverse_names.items():
        before = lock.reverse_names.get(address, name)
        if name != before:
            place = address.removeprefix("public:")
            why = f"the reverse name of {place} changes from {before} to {name}"
            mend = f"Where you set it yourself, do so; every MTA behind it has to greet other servers as {name}."
            yield _warning("reverse-name-changes", "nodes", why, mend)


def _forwards(context: Context, lock: Lock, plan: Plan) -> Iterator[Finding]:
    """Yield new nodes that share a port with older ones: the gateway sends them clients before Carbonio is there."""
    if plan.gateway is None or not lock.nodes:
        return
    flows = {flow.id: (flow.target, str(flow.protocol), flow.ports) for flow in plan.flows}
    old: dict[str, list[str]] = {}
    new: dict[str, list[str]] = {}
    for service in context.facts.services.values():
        key = (service.role, str(service.protocol), service.ports)
        targets = {
            name: ""
            for one in plan.gateway.forwards
            if key in [flows[flow] for flow in one.flows]
            for name in one.targets
        }
        older = [name for name in targets if name in lock.nodes]
        if older and len(older) < len(targets):
            old[service.id] = older
            for name in targets.keys() - lock.nodes.keys():
                new.setdefault(name, []).append(service.id)
    for name in sorted(new):
        kept = ", ".join(f"{service}: [{', '.join(old[service])}]" for service in new[name])
        yield Finding(
            "forward-to-new",
            ("nodes", name),
            f"{name} is new, and the gateway will send it clients of {few(new[name])} as soon as it has its new data",
            f"Until Carbonio serves on {name}, keep it out: forward: {{{kept}}}",
            "warning",
            key=True,
        )


def _number(release: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", release)]


def _warning(rule: str, key: str, message: str, mend: str, *below: str) -> Finding:
    return Finding(rule, (key, *below), message, mend, "warning")
