"""The steps that make a machine a node; each does nothing where all is as it should be."""
import functools
import glob
import os
import re
from typing import Callable, Dict, Tuple

from carbonio_node import DEVICES, Done, Failure, Node, System, ask, family, parse_devices

Step = Callable[[System, Node], Done]
COMPLETE = "/var/lib/carbonio-node/complete"
PROGRAM = "/usr/local/sbin/carbonio-node-configure"
VOLUMES_UNIT = """[Unit]
Description=Data volumes of Carbonio
After=local-fs.target
Before=multi-user.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%s --volumes

[Install]
WantedBy=multi-user.target
""" % PROGRAM
# Not oneshot: a boot does not wait for a network that may come minutes later.
CONFIGURE_UNIT = """[Unit]
Description=Configuration of this node until it is complete
ConditionPathExists=!%s
Wants=network-online.target
After=network-online.target carbonio-node-volumes.service

[Service]
ExecStart=%s

[Install]
WantedBy=multi-user.target
""" % (COMPLETE, PROGRAM)
# `nofail`: without it a missing volume ends a boot in the emergency mode, where no operator can
# log in to a cloud's machine. What it would let happen, Carbonio running on an empty folder, is
# ruled out by the immutable mount point and by RequiresMountsFor= in Carbonio's units.
OPTIONS = "defaults,nofail,x-systemd.device-timeout=600"


def services(system: System, node: Node) -> Done:
    """First of all steps: a node killed in its first boot goes on at the next."""
    mounts = "[Unit]\nRequiresMountsFor=%s\n" % " ".join(item["mount"] for item in node["volumes"])
    changed = False
    for name, text in (
            ("carbonio-node-volumes.service", VOLUMES_UNIT),
            ("carbonio-node-configure.service", CONFIGURE_UNIT),
            # Every unit of Carbonio, now or later, waits for the volumes and fails without them.
            # Our own bear the same prefix: a file of the same name undoes it for them.
            ("carbonio.service.d/volumes.conf", mounts),
            ("carbonio-.service.d/volumes.conf", mounts),
            ("carbonio-node-.service.d/volumes.conf", "[Unit]\n")):
        changed |= system.write("/etc/systemd/system/" + name, text)
    if changed:
        system.act("systemctl", "daemon-reload")
    for name in "volumes", "configure":
        changed |= system.enable("carbonio-node-%s.service" % name)
    return changed, "enabled"


def hostname(system: System, node: Node) -> Done:
    changed = [system.write(path, node["fqdn"] + "\n")
               for path in ("/etc/hostname", "/proc/sys/kernel/hostname")]
    return any(changed), node["fqdn"]


def cloud_init(system: System, node: Node) -> Done:
    return system.write("/etc/cloud/cloud.cfg.d/99-carbonio.cfg", "preserve_hostname: true\n"
                        "manage_etc_hosts: false\n"), "keeps off"


def hosts(system: System, node: Node) -> Done:
    text = "127.0.0.1 localhost\n%(address)s %(fqdn)s %(name)s\n" % node
    return system.write("/etc/hosts", text), "localhost and " + node["address"]


def ipv6(system: System, node: Node) -> Done:
    """No IPv6 address anywhere, by sysctl.

    Not by the kernel argument ipv6.disable=1: without the address family services that bind ::
    fail. networkd would set the value of its interfaces back, so it is told too.
    """
    form = "net.ipv6.conf.%s.disable_ipv6 = 1\n"
    changed = system.write("/etc/sysctl.d/99-zz-carbonio-ipv6.conf",
                           form % "all" + form % "default" + form % "lo")
    for path in glob.glob(system.path("/proc/sys/net/ipv6/conf/*/disable_ipv6")):
        changed |= system.write(path[len(system.path("")) - 1:], "1\n")
    for path in glob.glob(system.path("/run/systemd/network/*.network")):
        changed |= system.write(
            "/etc/systemd/network/%s.d/carbonio.conf" % os.path.basename(path),
            "[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
    return changed, "off on every interface"


def swappiness(system: System, node: Node) -> Done:
    changed = system.write("/etc/sysctl.d/99-zz-carbonio-swap.conf", "vm.swappiness = 1\n")
    return system.write("/proc/sys/vm/swappiness", "1\n") or changed, "1"


def network(system: System, node: Node) -> Done:
    def answers() -> bool:
        try:
            return ask(system, node["fqdn"], "A") is not None
        except Failure:
            return False

    if not system.until(600, lambda: re.search(
            r"(?m)^\S+\s00000000\s", system.read("/proc/net/route")) is not None):
        raise Failure("there is no default route yet")
    if not system.until(600, answers):
        raise Failure("no name server answers yet")
    return False, "a default route and a name server"


def packages(system: System, node: Node) -> Done:
    names = sorted(set(node["packages"] + [
        "xfsprogs" for item in node["volumes"] if item["filesystem"] == "xfs"]))
    return family(node).install(system, *names), "the latest of " + " ".join(names)


def locale(system: System, node: Node) -> Done:
    wanted, changed = node["locale"], False
    if wanted.replace("-", "").lower() not in system.run("locale", "-a").out.lower().split():
        family(node).language(system, wanted)
        changed = True
    text = system.read("/etc/locale.conf") or system.read("/etc/default/locale")
    if not re.search('(?m)^LANG="?%s"?$' % wanted, text):
        system.act("localectl", "set-locale", "LANG=" + wanted)
        changed = True
    return changed, wanted


def clock(system: System, node: Node) -> Done:
    """Chrony, which is a package of every node; the operator's time servers go first."""
    path, unit = family(node).CHRONY
    mark = "# The rest is written by carbonio-node-configure.\n"
    lines = ["server %s iburst prefer\n" % name for name in node["time_servers"]]
    if not system.exists(path):
        raise Failure("chrony is not installed")
    text = system.read(path).split(mark)[0] + "".join([mark] + lines if lines else lines)
    changed, started = system.write(path, text), system.enable(unit)
    if changed or not system.succeeds("systemctl", "is-active", unit):
        system.act("systemctl", "restart", unit)
        started = True
    if not system.until(90, lambda: "=yes" in system.run(
            "timedatectl", "show", "-p", "NTPSynchronized").out):
        raise Failure("not synchronised: see chronyc sources")
    return started, "synchronised"


def repository(system: System, node: Node, key: str) -> Done:
    spec, none = node["repositories"][key], (False, "not needed")
    return family(node).repository(system, spec, key) if spec else none


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


def steps(node: Node) -> Dict[str, Step]:
    """Return the steps in their order: what needs the network, and may wait for it, comes last."""
    found = {
        "services": services, "hostname": hostname, "cloud-init": cloud_init, "hosts": hosts,
        "ipv6": ipv6, "swappiness": swappiness, "network": network}  # type: Dict[str, Step]
    found.update(family(node).EARLY)
    found.update({"packages": packages, "locale": locale, "clock": clock})
    found.update(family(node).LATE)
    for key in "carbonio", "postgresql":
        found["repository " + key] = functools.partial(repository, key=key)
    for item in node["volumes"]:
        found["volume " + item["key"]] = functools.partial(volume, item=item)
    return found
