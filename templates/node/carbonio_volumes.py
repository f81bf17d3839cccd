"""Data volumes: each is found by its id, formatted only if it is blank, and mounted by UUID.

ext4 alone: the generator plans nothing else.
"""
import functools
import os
from typing import Dict, Tuple

# `nofail`: without it a missing volume ends a boot in the emergency mode, where no operator can
# log in to a cloud's machine. What it would let happen, Carbonio running on an empty folder, is
# ruled out by the immutable mount point and by RequiresMountsFor= in Carbonio's units.
OPTIONS = "defaults,nofail,x-systemd.device-timeout=600"


def find(system: System, key: str) -> Tuple[str, str]:
    """Return a volume's device, as devices.json names it and its real path, waiting for it."""
    device = parse_devices(system.read(DEVICES)).get(key, "")
    need(device, "unknown device: carbonio-node-configure --device %s=/dev/..." % key)
    need(system.until(600, lambda: system.exists(device)),
         device + " is missing")
    return device, os.path.realpath(system.path(device))


def probe(system: System, device: str, tag: str) -> str:
    """Return TYPE, PTTYPE or UUID as blkid reads it from the device now, not from a cache."""
    result = system.run("blkid", "-p", "-s", tag, "-o", "value", device, check=False)
    need(result.code in (0, 2), device + ": blkid is not sure what it holds: not formatted")
    return result.out.strip()


def ends(device: str) -> Tuple[bytes, bytes]:
    with open(device, "rb") as file:
        first = file.read(1 << 20)
        file.seek(max(file.seek(0, os.SEEK_END) - (1 << 20), 0))
        return first, file.read()


def file_system(system: System, name: str, device: str, key: str) -> bool:
    """Make sure that the device holds a file system; True if a blank one was formatted.

    Blank: blkid finds neither content nor partition table, and the first and last MiB are zeros
    (or, with a note of ours that mkfs was interrupted on this very device, no partition table).
    """
    note = STATE + "formatting-" + key
    kind, table = probe(system, device, "TYPE"), probe(system, device, "PTTYPE")
    if not kind and not table:
        first, last = ends(device)
        tables = first[510:512] == b"\x55\xaa" or b"EFI PART" in first[:8192] + last
        need(not tables and (not any(first + last) or system.read(note) == name),
             "%s is not blank: not formatted; if it may be: blkdiscard -z %s" % (device, device))
        system.changes("format " + device)
        system.write(note, name)
        system.act("mkfs.ext4", "-q", "-L", key[:12], "-m", "1", device)
        os.sync()
        os.remove(system.path(note))
    need(not table and kind in ("", "ext4"), "%s holds %s: not formatted" % (device, table or kind))
    return not kind


def fstab(system: System, uuid: str, mount: str) -> bool:
    """Make sure that a volume is mounted at every boot; True if it was not."""
    lines = system.read("/etc/fstab").splitlines()
    line = "UUID=%s %s ext4 %s 0 2" % (uuid, mount, OPTIONS)
    kept = [row for row in lines if row.startswith("#") or row.split()[1:2] != [mount]]
    if line in lines and len(kept) == len(lines) - 1:
        return False
    folder = system.path(mount)
    if mount not in system.mounts():
        system.changes("mount " + mount)
        os.makedirs(folder, exist_ok=True)
        need(not os.listdir(folder), mount + " is not empty: move its files away")
        # Whatever writes there while the volume is missing fails instead of filling the OS disk.
        # Before fstab knows the place: from then on systemd may mount at any moment.
        system.act("chattr", "+i", folder, check=False)
    system.write("/etc/fstab", "\n".join(kept + [line]) + "\n")
    system.act("systemctl", "daemon-reload")
    return True


def attach(system: System, device: str, mount: str) -> None:
    # At a boot systemd may be quicker: what counts is what is mounted in the end.
    done = system.act("mount", mount, check=False)
    source = system.mounts().get(mount, "")
    if source not in ("", device):
        system.act("umount", mount)
        raise Failure("%s has the UUID of %s: not mounted" % (source, device))
    need(source, "%s: not mounted: %s" % (device, done.err.strip()))


def volume(system: System, node: Node, item: Dict[str, str]) -> Done:
    """Bring one volume to its place."""
    key, mount = item["key"], item["mount"]
    name, device = find(system, key)
    mounted = system.mounts()
    places = [place for place in mounted if mounted[place] == device]
    need(places == [mount] or (not places and mount not in mounted),
         "%s is at %s, and %s at %s" % (device, places, mounted.get(mount, "nothing"), mount))
    done = []
    if not places and file_system(system, name, device, key):
        done.append("formatted")
    if fstab(system, probe(system, device, "UUID"), mount):
        done.append("in fstab")
    if not places:
        attach(system, device, mount)
        done.append("mounted")
    # A volume may have grown since the last time.
    if not system.dry and "is now" in system.run("resize2fs", device).out:
        done.append("grown")
    return bool(done), "%s at %s %s" % (device, mount, ", ".join(done))


MORE.append(lambda node: {"volume " + item["key"]: functools.partial(volume, item=item)
                          for item in node["volumes"]})
