"""What a gateway does beside its firewall: it forwards packets, and it ends the VPN's tunnels."""
import glob
import re
from typing import List

OPTIONS = "/etc/modprobe.d/carbonio-gateway.conf"
MODULES = "/etc/modules-load.d/carbonio-gateway.conf"
SYSCTL = "/etc/sysctl.d/60-carbonio-gateway.conf"
CONF, KEY, UNIT = "/etc/wireguard/wg0.conf", "/etc/wireguard/wg0.key", "wg-quick@wg0"


def forwarding(system: System, node: Node) -> Done:
    changed = False
    for path in OPTIONS, MODULES, SYSCTL:
        text = content(node, path)
        changed |= system.write(path, text) if text else system.remove(path)
    for name in re.findall(r"(?m)^[\w-]+", content(node, MODULES)):
        if not system.exists("/sys/module/" + name.replace("-", "_")):
            system.act("modprobe", name)
            changed = True
    for name, options in re.findall(r"(?m)^options (\w+) (.*)", content(node, OPTIONS)):
        for key, value in re.findall(r"(\w+)=(\S+)", options):
            path = "/sys/module/%s/parameters/%s" % (name, key)
            # Only then: the kernel may round what it is given.
            if changed and system.exists(path):
                system.write(path, value + "\n")
    for key, value in re.findall(r"(?m)^([\w.*-]+) *= *(.*)", content(node, SYSCTL)):
        for full in glob.glob(system.path("/proc/sys/" + key.replace(".", "/"))):
            path = full[len(system.root):]
            if system.read(path).split() != value.split():
                changed |= system.write(path, value + "\n")
    return changed, "on"


def synchronise(system: System) -> None:
    """Apply the file to the interface; tunnels of peers that stay are not touched."""
    # Without the line of the key the interface would lose it. Below /etc/wireguard, since the
    # distribution lets wg read nowhere else.
    key, new = system.read(KEY).strip(), "/etc/wireguard/wg0.new"
    text = system.run("wg-quick", "strip", "wg0").out
    system.write(new, text.replace("[Interface]", "[Interface]\nPrivateKey = " + key, 1), 0o600)
    try:
        # Its message may show the key.
        done = system.act("wg", "syncconf", "wg0", system.path(new), check=False)
        need(not done.code, "wg syncconf refuses " + CONF)
    finally:
        system.remove(new)


def interface(text: str) -> List[str]:
    """Return the lines that only a restart applies."""
    return re.findall(r"(?m)^\w.*", text.split("[Peer]")[0])


def vpn(system: System, node: Node) -> Done:
    """WireGuard; its own key is made here, stays here and is never shown."""
    text, old, note = content(node, CONF), system.read(CONF), STATE + "wg0"
    if not text:
        if old:
            system.act("systemctl", "disable", "--now", UNIT)
        return system.remove(CONF), "none asked for"
    need(system.which("wg"), "wireguard-tools is not installed")
    changed = not system.read(KEY)
    if changed:
        system.changes("make " + KEY)
        key = system.run("wg", "genkey").out
        need(len(key) == 45, "wg genkey gives no key")
        system.write(KEY, key, 0o600)
    # The note stays until all is applied: a run that is killed before is made up for.
    restart = system.exists(note) or interface(old) != interface(text)
    if old != text or system.exists(note):
        system.changes("apply " + CONF)
        system.write(note, "")
        system.write(CONF, text, 0o600)
        changed = True
    if restart or not system.active(UNIT):
        system.act("systemctl", "restart", UNIT)
        changed = True
    elif changed:
        synchronise(system)
    changed |= system.enable(UNIT)
    system.remove(note)
    public = system.run("wg", "show", "wg0", "public-key").out.strip()
    need(len(public) == 44, "wg0 has no key: systemctl restart " + UNIT)
    return changed, "public key " + public


EARLY["forwarding"] = forwarding
LATE["vpn"] = vpn
