"""Data volumes: each is found by its id, formatted only if it is blank, and mounted by UUID."""
import os
from typing import Dict, Tuple

from carbonio_node import DEVICES, Done, Failure, Node, System, parse_devices

# `nofail`: without it a missing volume ends a boot in the emergency mode, where no operator can
# log in to a cloud's machine. What it would let happen, Carbonio running on an empty folder, is
# ruled out by the immutable mount point and by RequiresMountsFor= in Carbonio's units.
OPTIONS = "defaults,nofail,x-systemd.device-timeout=600"


def find(system: System, key: str) -> Tuple[str, str]:
    """Return a volume's device, as devices.json names it and its real path, waiting for it."""
    device = parse_devices(system.read(DEVICES)).get(key)
    if not device:
        raise Failure("unknown device: carbonio-node-configure --device %s=/dev/..." % key)
    if not system.until(600, lambda: system.exists(device or "")):
        raise Failure("%s is missing: is the volume attached?" % device)
    return device, os.path.realpath(system.path(device))


def probe(system: System, device: str, tag: str) -> str:
    """Return TYPE, PTTYPE or UUID as blkid reads it from the device now, not from a cache."""
    result = system.run("blkid", "-p", "-s", tag, "-o", "value", device, check=False)
    if result.code not in (0, 2):
        raise Failure("%s: blkid is not sure what it holds: not formatted" % device)
    return result.out.strip()


def ends(device: str) -> Tuple[bytes, bytes]:
    with open(device, "rb") as file:
        first = file.read(1 << 20)
        file.seek(max(file.seek(0, os.SEEK_END) - (1 << 20), 0))
        return first, file.read()


def file_system(system: System, name: str, device: str, key: str, wanted: str) -> bool:
    """Make sure that the device holds a file system; True if a blank one was formatted.

    Blank: blkid finds neither content nor partition table, and the first and last MiB are zeros
    (or, with a note of ours that mkfs was interrupted on this very device, no partition table).
    """
    note = "/var/lib/carbonio-node/formatting-" + key
    kind, table = probe(system, device, "TYPE"), probe(system, device, "PTTYPE")
    if not kind and not table:
        first, last = ends(device)
        tables = first[510:512] == b"\x55\xaa" or b"EFI PART" in first[:8192] + last
        if tables or (any(first + last) and system.read(note) != name):
            raise Failure("%s is not blank: not formatted; if it may be: blkdiscard -z %s"
                          % (device, device))
        system.changes("format " + device)
        system.write(note, name)
        reserve = ("-m", "1") if wanted == "ext4" else ()
        system.act("mkfs." + wanted, "-q", "-L", key[:12], *reserve + (device,))
        os.sync()
        os.remove(system.path(note))
    elif table or kind != wanted:
        raise Failure("%s holds %s: not formatted" % (device, table or kind))
    return not kind


def fstab(system: System, uuid: str, mount: str, kind: str) -> bool:
    """Make sure that a volume is mounted at every boot; True if it was not."""
    lines = system.read("/etc/fstab").splitlines()
    line = "UUID=%s %s %s %s 0 %d" % (uuid, mount, kind, OPTIONS, 2 if kind == "ext4" else 0)
    kept = [row for row in lines if row.startswith("#") or row.split()[1:2] != [mount]]
    if line in lines and len(kept) == len(lines) - 1:
        return False
    folder = system.path(mount)
    if mount not in system.mounts():
        system.changes("mount " + mount)
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise Failure(mount + " is not empty: move its files away")
        # Whatever writes there while the volume is missing fails instead of filling the OS disk.
        # Before fstab knows the place: from then on systemd may mount at any moment.
        system.act("chattr", "+i", folder, check=False)
    system.write("/etc/fstab", "\n".join(kept + [line]) + "\n")
    system.act("systemctl", "daemon-reload")
    return True


def attach(system: System, device: str, mount: str) -> None:
    # At a boot systemd may be quicker: what counts is what is mounted in the end.
    done = system.act("mount", mount, check=False)
    source = system.mounts().get(mount, ("",))[0]
    if source not in ("", device):
        system.act("umount", mount)
        raise Failure("%s has the UUID of %s: not mounted" % (source, device))
    if not source:
        raise Failure("%s: not mounted: %s" % (device, done.err.strip()))


def grow(system: System, device: str, mount: str, kind: str) -> bool:
    if kind == "xfs":
        return "changed from" in system.run("xfs_growfs", mount).out
    return "is now" in system.run("resize2fs", device).out


def volume(system: System, node: Node, item: Dict[str, str]) -> Done:
    """Bring one volume to its place."""
    key, mount, kind = item["key"], item["mount"], item["filesystem"]
    name, device = find(system, key)
    mounted = system.mounts()
    places = [place for place in mounted if mounted[place][0] == device]
    if places not in ([], [mount]) or (mount in mounted and not places):
        raise Failure("%s is at %s, and %s at %s" % (
            device, places, mounted.get(mount, "nothing"), mount))
    done = []
    if not places and file_system(system, name, device, key, kind):
        done.append("formatted")
    if fstab(system, probe(system, device, "UUID"), mount, kind):
        done.append("in fstab")
    if not places:
        attach(system, device, mount)
        done.append("mounted")
    if not system.dry and grow(system, device, mount, kind):
        done.append("grown")
    return bool(done), "%s at %s %s" % (device, mount, ", ".join(done))
