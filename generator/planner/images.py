"""Images: looked up at apply by operating system, or pinned by identifier."""

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import Image
from generator.problems import Finding


def choose_images(context: Context, lock: Lock, findings: list[Finding]) -> dict[str, Image]:
    """Give every node its image: as written, as locked, or the one of its operating system."""
    images = {}
    for name, node in context.nodes.items():
        system = context.os_of(node)
        locked = lock.nodes.get(name)
        if node.image:
            images[name] = Image(system, node.image)
        elif locked is not None and locked.os == system:
            images[name] = Image(system, locked.image)
        else:
            if locked is not None and locked.os not in ("", system):
                findings.append(_changed(name, locked.os, system))
            images[name] = Image(system, context.newest_images.get(system, ""))
    return images


def _changed(name: str, before: str, now: str) -> Finding:
    return Finding(
        "os-changes",
        ("nodes", name),
        f"{name} changes from {before} to {now}; an existing machine keeps its system until it is rebuilt",
        "Rebuild it with terraform apply -replace when you are ready: see Day two in docs/generated.md.",
        "warning",
        key=True,
    )
