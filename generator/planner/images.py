"""Images: looked up at apply by operating system, or pinned by identifier."""

from generator.context import Context
from generator.lockfile import Lock, LockedNode
from generator.plan import GATEWAY, Image
from generator.problems import Finding


def choose_images(context: Context, lock: Lock, findings: list[Finding]) -> dict[str, Image]:
    """Give every node and the gateway their image: as written, as locked, or the one of the operating system."""
    images = {}
    for name, node in context.nodes.items():
        system = context.os_of(node)
        locked = lock.nodes.get(name)
        named = context.image_of(node)
        if named and not _stands(locked, system, node.image, context):
            images[name] = Image(system, named)
        elif locked is not None and locked.os == system:
            images[name] = Image(system, locked.image)
        else:
            if locked is not None and locked.os not in ("", system):
                findings.append(_changed(name, locked.os, system))
            images[name] = Image(system, context.newest_images.get(system, ""))
    if context.has_gateway:
        images[GATEWAY] = _of_gateway(context, lock)
    return images


def _of_gateway(context: Context, lock: Lock) -> Image:
    """Return the newest system for a gateway that the cloud offers, which stays once chosen."""
    systems = context.facts.hardware.gateway.systems
    locked = lock.nodes.get(GATEWAY)
    if context.topology.gateway.image:
        return Image(systems[0], context.topology.gateway.image)
    if locked is not None and locked.os:
        return Image(locked.os, locked.image)
    own = context.topology.cloud.images
    system = next(one for one in systems if one in own or context.cloud.images[one].offered)
    return Image(system, own.get(system) or context.newest_images.get(system, ""))


def _stands(locked: LockedNode | None, system: str, own: str, context: Context) -> bool:
    """Tell whether a machine's disk stands on the image that it was made from, so that it cannot have another."""
    return context.capabilities.on_premises and not own and locked is not None and locked.os == system


def _changed(name: str, before: str, now: str) -> Finding:
    return Finding(
        "os-changes",
        ("nodes", name),
        f"{name} changes from {before} to {now}; an existing machine keeps its system until it is rebuilt",
        "Rebuild it with terraform apply -replace when you are ready: see Day two in docs/generated.md.",
        "warning",
        key=True,
    )
