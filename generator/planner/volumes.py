"""Data volumes: mail by users and quota, recordings by hours."""

import math
from collections.abc import Iterator

import msgspec

from generator.context import Context
from generator.lockfile import Lock
from generator.plan import Volume
from generator.problems import Finding, few

MAIL_MOUNT = "/opt/zextras"
"""Where Carbonio keeps everything that grows with its users (TD 87dbbc95: mail mounted under /opt/zextras)."""

_APPLIED = "If it is applied there is nothing to do, or silence it: silence: {volume-stays: WHY}."
_NEVER_APPLIED = "Only where nothing was ever applied: remove topology.lock.json, then generate --force."


def plan_volumes(context: Context, lock: Lock, findings: list[Finding]) -> dict[str, Volume]:
    """Return the volumes by key, sorted."""
    volumes = [*_mail(context, findings), *_recordings(context, lock, findings)]
    least = context.cloud.limits.volume_min_gib
    found = {}
    for volume in sorted(volumes, key=lambda volume: volume.key):
        found[volume.key] = _kept(_at_least(least, volume), lock, context, findings)
    findings += _left(found, lock, context)
    return found


def _kept(volume: Volume, lock: Lock, context: Context, findings: list[Finding]) -> Volume:
    """Return the volume as large as it is: a file system that is in use does not shrink."""
    before = lock.sizes.get(volume.key, 0)
    if volume.size_gib >= before:
        mend = context.capabilities.larger_volumes
        if before and mend and volume.size_gib > before:
            why = f"{volume.key} grows from {before} to {volume.size_gib} GB"
            findings.append(Finding("volume-grows", ("nodes", volume.node), why, mend, "warning", key=True))
        return volume
    why = f"{volume.key} stays at {before} GB, although {volume.size_gib} GB would do: volumes do not shrink"
    mend = " ".join(filter(None, (_APPLIED, _divided(volume, lock, context), _NEVER_APPLIED)))
    findings.append(Finding("volume-stays", ("nodes", volume.node), why, mend, "warning", key=True))
    return msgspec.structs.replace(
        volume, size_gib=before, reasons=(*volume.reasons, f"as large as before: {before} GB")
    )


def _divided(volume: Volume, lock: Lock, context: Context) -> str:
    """Return what is to be said of a mail store that counts those users whom no other has."""
    stores = context.carriers("mailstore")
    if volume.purpose != "mail" or volume.node not in _sharing(context) or len(stores) == 1:
        return ""
    new = [name for name in stores if f"{name}-mail" not in lock.volumes]
    added = f"{few(new)} {'is' if len(new) == 1 else 'are'} new: each" if new else "Each"
    return (
        f"{added} mail store without users of its own counts {_share(context)} users, but mailboxes do not move by "
        "themselves; write users at each mail store, as many as it holds."
    )


def _left(volumes: dict[str, Volume], lock: Lock, context: Context) -> Iterator[Finding]:
    """Yield volumes that are there and would go, with what they hold."""
    kept = context.capabilities.final_snapshots and context.topology.cloud.final_snapshots
    for key in sorted(lock.volumes.keys() - volumes.keys()):
        after = "after a final snapshot" if kept else "with everything on it, and without a snapshot"
        yield Finding(
            "volume-leaves",
            ("nodes",),
            f"the volume {key} is not in the topology any more: the apply destroys it {after}",
            f"Keep {lock.volumes[key]} with its role until its mailboxes or recordings have moved.",
            "warning",
        )


def _at_least(size: int, volume: Volume) -> Volume:
    if volume.size_gib >= size:
        return volume
    reasons = (*volume.reasons, f"the smallest volume of this cloud: {size} GB")
    return msgspec.structs.replace(volume, size_gib=size, reasons=reasons)


def _sharing(context: Context) -> list[str]:
    """Return the mail stores for which the topology states no users."""
    return [name for name in context.carriers("mailstore") if context.nodes[name].users is None]


def _share(context: Context) -> int:
    """Return the users of each of them."""
    stated = sum(context.nodes[name].users or 0 for name in context.carriers("mailstore"))
    return math.ceil(((context.topology.users or stated) - stated) / max(len(_sharing(context)), 1))


def _mail(context: Context, findings: list[Finding]) -> list[Volume]:
    topology, quota = context.topology, context.topology.mailbox_quota or 0
    stores, share = context.carriers("mailstore"), _share(context)
    volumes = []
    for name in stores:
        users = context.nodes[name].users or share
        size = users * quota
        reasons = [f"{users} users x {quota} GB quota = {size} GB"]
        documents = math.ceil(topology.documents / len(stores))
        if documents:
            size += documents
            reasons.append(f"documents: {documents} GB")
        if topology.headroom:
            size = math.ceil(size * (100 + topology.headroom) / 100)
            reasons.append(f"headroom {topology.headroom} %: {size} GB")
        limit = context.cloud.limits.volume_gib
        if size > limit:
            number = math.ceil(size * len(stores) / limit)
            findings.append(
                Finding(
                    "volume-limit",
                    ("nodes", name),
                    f"the mail volume of {name} would have {size} GB; {context.capabilities.title} allows {limit}",
                    f"Spread the users over at least {number} mail stores.",
                    key=True,
                )
            )
        volumes.append(Volume(f"{name}-mail", name, "mail", size, MAIL_MOUNT, tuple(reasons)))
    return volumes


def _recordings(context: Context, lock: Lock, findings: list[Finding]) -> list[Volume]:
    hours = {name: node.recording for name, node in context.nodes.items() if node.recording}
    if not hours:
        return []
    place, rate = context.facts.recording, context.facts.hardware.recording.mb_per_hour
    if place is None:
        label = f"{context.facts.release.name} {context.facts.edition}"
        findings.extend(
            Finding(
                "no-recording",
                ("nodes", name, "recording"),
                f"Carbonio {label} does not record",
                "Remove the key.",
                key=True,
            )
            for name in hours
        )
        return []
    if place.role == "video":
        wanted = hours
    else:
        carriers = context.carriers(place.role)
        before = [
            name for key, name in sorted(lock.volumes.items()) if key.endswith("-recordings") and name in carriers
        ]
        wanted = {(before or carriers)[0]: sum(hours.values())}
    return [
        Volume(
            f"{name}-recordings",
            name,
            "recordings",
            max(1, math.ceil(count * rate / 1000)),
            place.mount,
            (f"{count} hours of recordings x {rate} MB = {math.ceil(count * rate / 1000)} GB",),
        )
        for name, count in wanted.items()
    ]
