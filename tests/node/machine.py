"""A folder that stands for a machine, with small programs in place of the system's own."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from generator.render.cloudinit import assemble, read_programs
from tests.helpers import ROOT

TEMPLATES = ROOT / "templates"
ADDRESS = "10.20.0.12"
SECRET = "SecretSecretSecretSecretSecretSecretSecretS="
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
SERVER = "10.20.240.10"

# Runs the program in this process, with a folder in place of the machine: all files are below it, every command is
# recorded, and only programs that the folder itself carries are run.
DRIVER = """
import json, os, shutil, sys
root, wait, program = sys.argv[1:4]
names = {"__name__": "program"}
with open(program) as file:
    exec(compile(file.read(), program, "exec"), names)
places = [root + place for place in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")]
os.environ["ROOT"] = root
Real = names["System"]
class Folder(Real):
    def which(self, name):
        return shutil.which(name, path=":".join(places))
    def run(self, *argv, check=True):
        with open(root + "/commands.jsonl", "a") as file:
            file.write(json.dumps(" ".join(argv).replace(root + "/", "/")) + "\\n")
        program = self.which(argv[0])
        try:
            return Real.run(self, program, *argv[1:], check=check) if program else names["Result"](0, "", "")
        except names["Failure"] as error:
            raise names["Failure"](str(error).replace(program, argv[0]))
Folder.root, Folder.wait = root, float(wait)
names["System"] = Folder
sys.argv = sys.argv[3:]
sys.exit(names["main"]())
"""

# What a package manager does with programs that `forget` took away.
PROVIDE = """
for name in $(cat "$ROOT/provides" 2>/dev/null); do
    [ ! -s "$ROOT/etc/dnsmasq.d/carbonio.conf" ] || echo yes > "$ROOT/in-time"
    mv "$ROOT/absent/$name" "$ROOT/usr/bin/$name"
done
rm -f "$ROOT/provides"
"""
# Each line of a program: what it does is seen in files below $ROOT, where tests look.
PROGRAMS = {
    "apt-cache": 'echo "  Installed: 1"; cat "$ROOT/candidate" 2>/dev/null || echo "  Candidate: 1"',
    "apt-get": """
        case " $* " in
        *" update "*)
            [ ! -e "$ROOT/offline" ] || {
                for uri in $(cat "$ROOT"/etc/apt/sources.list.d/*.list 2>/dev/null); do
                    case "$uri" in https:*) echo "W: Failed to fetch $uri/dists/focal/InRelease  no network" >&2 ;; esac
                done; }
            n=$(cat "$ROOT/silence" 2>/dev/null || echo 0)
            [ "$n" -le 0 ] || { echo $((n - 1)) > "$ROOT/silence"; echo "W: Failed to fetch http://a" >&2; } ;;
        *" install "*) [ ! -e "$ROOT/offline" ] || { echo "E: no package" >&2; exit 100; }
            . "$ROOT/provide"
            for name; do echo "$name" >> "$ROOT/installed"; done; sort -u -o "$ROOT/installed" "$ROOT/installed"
            [ -s "$ROOT/etc/chrony/chrony.conf" ] || echo "pool ntp" > "$ROOT/etc/chrony/chrony.conf" ;;
        esac""",
    "blkid": """
        for device; do :; done
        [ ! -e "$device.ambivalent" ] || exit 8
        cat "$device.$3" 2>/dev/null || exit 2""",
    "curl": """
        while [ "$1" != -o ]; do shift; done
        [ ! -e "$ROOT/offline" ] || { echo "curl: (6) no host" >&2; exit 6; }
        mkdir -p "$(dirname "$2")"; cat "$ROOT/key" > "$2" """,
    "dnf": """
        case " $* " in
        *makecache*) n=$(cat "$ROOT/silence" 2>/dev/null || echo 0)
            [ "$n" -le 0 ] || { echo $((n - 1)) > "$ROOT/silence"; echo "Error: Failed to download" >&2; exit 1; } ;;
        *repolist*) cat "$ROOT/repositories" ;;
        *--set-enabled*) shift 2; printf "%s\\n" "$@" >> "$ROOT/repositories" ;;
        *module*) mkdir -p "$ROOT/etc/dnf/modules.d"
            echo state=disabled > "$ROOT/etc/dnf/modules.d/postgresql.module" ;;
        *check-update*) [ ! -e "$ROOT/candidate" ] || exit 100 ;;
        *epel-release*) touch "$ROOT/epel" ;;
        *" install "*) . "$ROOT/provide"
            for name; do echo "$name" >> "$ROOT/installed"; done; sort -u -o "$ROOT/installed" "$ROOT/installed"
            grep -q en_US "$ROOT/locales" || echo en_US.utf8 >> "$ROOT/locales"
            [ -s "$ROOT/etc/chrony.conf" ] || echo "pool ntp" > "$ROOT/etc/chrony.conf" ;;
        esac""",
    "dig": """
        server=${6#@}
        if [ -e "$ROOT/dead-$server" ]; then
            echo ";; connection timed out; no servers could be reached"
            exit 9
        fi
        echo ";; ->>HEADER<<- opcode: QUERY, status: $(cat "$ROOT/status-$server" 2>/dev/null || echo NOERROR), id: 1"
        sed -n "s/^$7 $8 /$7.\t60\tIN\t$8\t/p" "$ROOT/records" """,
    "dnsmasq": 'grep -q "^listen-address=" "${2#*=}"',
    "dpkg-query": 'sort -u "$ROOT/installed" 2>/dev/null | sed "s/$/ install ok installed 1/"',
    "firewall-cmd": """
        case "$1" in
        --get-active-zones) [ ! -e "$ROOT/active/firewalld" ] || [ ! -e "$ROOT/etc/firewalld/zones/carbonio.xml" ] ||
            printf "carbonio\\n  sources: 0.0.0.0/0 ::/0\\n" ;;
        esac""",
    "firewall-offline-cmd": 'cat "$ROOT/warning" >&2 2>/dev/null || :',
    "getent": """
        n=$(cat "$ROOT/silence" 2>/dev/null || echo 0)
        [ "$n" -le 0 ] || { echo $((n - 1)) > "$ROOT/silence"; exit 2; }""",
    "gpg": """
        grep -q "BEGIN PGP" "$5" || { echo "gpg: no valid OpenPGP data found." >&2; exit 2; }
        echo binary > "$3" """,
    "hostname": 'cat "$ROOT/proc/sys/kernel/hostname"',
    "ip": 'echo "2: eth0    inet $(cat "$ROOT/address")/20 brd 10.20.15.255 scope global eth0"',
    "locale": 'cat "$ROOT/locales"',
    "locale-gen": 'echo en_US.utf8 >> "$ROOT/locales"',
    "localectl": 'mkdir -p "$ROOT/etc/default"; echo "$2" > "$ROOT/etc/default/locale"',
    "mkfs.ext4": """
        for device; do :; done
        [ ! -e "$ROOT/killed" ] || { printf x | dd of="$device" conv=notrunc 2>/dev/null; exit 137; }
        echo ext4 > "$device.TYPE"
        echo "uuid-of-${device##*/}" > "$device.UUID"; echo "${device##*/}" >> "$ROOT/formatted" """,
    "mount": """
        uuid=$(sed -n "s#^UUID=\\([^ ]*\\) $1 .*#\\1#p" "$ROOT/etc/fstab")
        for file in "$ROOT"/dev/*.UUID; do
            device=${file%.UUID}
            [ "$(cat "$file")" != "$uuid" ] || [ -e "$device.other" ] || {
                echo "/dev/${device##*/} $1 $(cat "$device.TYPE") rw 0 0" >> "$ROOT/proc/self/mounts"
                exit 0; }
        done
        echo "mount: no such device" >&2; exit 32""",
    "netplan": 'cat "$ROOT/routes" > "$ROOT/proc/net/route"',
    "networkctl": 'printf "  Link File: /a\\n  Network File: %s\\n" "$(cat "$ROOT/network-file")"',
    "nft": """
        [ ! -e "$ROOT/broken" ] || [ "$1" != -c ] || { echo "syntax error" >&2; exit 1; }
        case "$1" in
        list) cat "$ROOT/tables" 2>/dev/null ;;
        -f) sed -n "s/^\\(table .*\\) {.*/\\1/p" "$2" | sort -u > "$ROOT/tables"
            last=$(tail -n 1 "$2"); case "$last" in delete*) sed -i "/${last#delete }/d" "$ROOT/tables" ;; esac ;;
        delete) rm -f "$ROOT/tables" ;;
        esac""",
    "nmcli": """
        case "$*" in
        *GENERAL.CONNECTION*) echo "System eth0" ;;
        *reapply*) cat "$ROOT/routes" > "$ROOT/proc/net/route" ;;
        *general\\ reload*) cp "$ROOT/name-servers" "$ROOT/etc/resolv.conf" ;;
        *UUID,TYPE*) printf "0a-1:802-3-ethernet\\n0b-2:loopback\\n" ;;
        *ipv6.method*disabled) echo disabled > "$ROOT/method" ;;
        *ipv6.method*) cat "$ROOT/method" ;;
        esac""",
    "resize2fs": '[ -e "$ROOT/larger" ] && rm "$ROOT/larger" && echo "is now 9" || echo "Nothing to do!"',
    "rpm": """
        case "$2 $3" in
        "epel-release ") test -e "$ROOT/epel" ;;
        "--whatprovides "*) grep -qx "$3" "$ROOT/installed" ;;
        *)  shift
            for name; do grep -x "$name" "$ROOT/installed" | sort -u | grep . || code=1; done
            exit ${code:-0} ;;
        esac""",
    "setenforce": 'echo "$1" > "$ROOT/sys/fs/selinux/enforce"',
    "subscription-manager": """
        case "$1" in
        identity) test -e "$ROOT/registered" ;;
        register) touch "$ROOT/registered" ;;
        repos) for each; do echo "${each#--enable=}" >> "$ROOT/repositories"; done ;;
        esac""",
    "systemctl": """
        mkdir -p "$ROOT/enabled" "$ROOT/active"
        for unit; do :; done
        [ "$1" != --no-reload ] || shift
        case "$* " in
        start\\ nftables*) "$ROOT/usr/bin/nft" -f "$ROOT/etc/nftables.conf" ;;
        disable*nftables*) rm -f "$ROOT/tables" ;;
        restart\\ systemd-resolved*) mkdir -p "$ROOT/run/systemd/resolve"
            sed -n "s/^DNS=/nameserver /p" "$ROOT/etc/systemd/resolved.conf.d/carbonio.conf" 2>/dev/null |
                sed "s/\\([0-9]\\) /\\1\\nnameserver /g" > "$ROOT/run/systemd/resolve/resolv.conf" ;;
        esac
        case "$1" in
        is-enabled) test -e "$ROOT/enabled/$unit" ;;
        is-active) test -e "$ROOT/active/$unit" ;;
        enable) touch "$ROOT/enabled/$unit" ;;
        restart|start) touch "$ROOT/active/$unit" ;;
        disable) rm -f "$ROOT/enabled/$unit" "$ROOT/active/$unit" ;;
        esac""",
    "chronyc": 'cat "$ROOT/clock"',
    "umount": 'sed -i "\\# $1 #d" "$ROOT/proc/self/mounts"',
    "uname": "echo x86_64",
    "modprobe": 'mkdir -p "$ROOT/sys/module/$1/parameters"',
    "wg": """
        case "$1" in
        genkey) echo "$(cat "$ROOT/next-key")" ;;
        show) [ ! -e "$ROOT/active/wg-quick@wg0" ] || echo PublicPublicPublicPublicPublicPublicPublicP= ;;
        syncconf) stat -c %a "$3" > "$ROOT/synced-mode"; cp "$3" "$ROOT/synced" ;;
        esac""",
    "wg-quick": 'grep -v "^Address\\|^PostUp\\|^MTU" "$ROOT/etc/wireguard/wg0.conf"',
}
RECORDED_ONLY = ("chattr", "perl", "python3", "jq", "wget")

NODE: dict[str, Any] = {
    "format": 1,
    "name": "store1",
    "fqdn": "store1.example.com",
    "address": ADDRESS,
    "domain": "example.com",
    "release": "24.1.0",
    "edition": "commercial",
    "os": "ubuntu-20.04",
    "roles": ["mailstore", "tasks"],
    "cluster": "10.20.0.0/16",
    "locale": "en_US.UTF-8",
    "time_servers": [],
    "memory_gib": 16,
    "volumes": [{"key": "mail", "mount": "/opt/zextras", "filesystem": "ext4"}],
    "repositories": {
        "carbonio": {
            "apt": {
                "uri": "https://repo.example.net/ubuntu",
                "suite": "focal",
                "components": ["main"],
                "key_url": "https://keys.example.net/pks/lookup?op=get&search=0x5d",
                "keyring": "/usr/share/keyrings/zextras.gpg",
            }
        },
        "postgresql": None,
    },
    "subscription": None,
    "repository_ids": [],
    "epel": False,
    "packages": ["chrony", "curl", "perl", "python3"],
    "host_firewall": False,
    "router": None,
    "resolvers": [],
    "files": {},
    "install": [],
    "troubleshooting": [],
}
RECORDS = {
    "store1.example.com A": [ADDRESS],
    "mail.example.com A": ["10.20.128.10"],
    "example.com MX": ["10 mail.example.com."],
    "example.com TXT": ['"v=spf1 ip4:192.0.2.1" " -all"', '"other=text"'],
    "_dmarc.example.com TXT": ['"v=DMARC1; p=none"'],
}
RHEL: dict[str, Any] = {
    "os": "rhel-8",
    "subscription": "rhui",
    "repository_ids": ["rhel-8-baseos-rhui-rpms", "codeready-builder-for-rhel-8-rhui-rpms"],
    "repositories": {
        "carbonio": {
            "yum": {
                "id": "zextras",
                "name": "zextras",
                "baseurl": "https://repo.example.net/rhel8",
                "gpgkey": "https://repo.example.net/repomd.xml.key",
                "gpgcheck": False,
                "repo_gpgcheck": True,
            }
        },
        "postgresql": None,
    },
}


def node(**changes: Any) -> dict[str, Any]:
    """Return a node's data with some fields replaced."""
    return {**copy.deepcopy(NODE), **copy.deepcopy(changes)}


class Ended(NamedTuple):
    """One run of a program."""

    code: int
    out: str
    err: str

    def step(self, name: str) -> str:
        """Return the line of a step."""
        return next(line for line in self.out.splitlines() if f" {name}:" in line)

    @property
    def words(self) -> dict[str, str]:
        """Return the outcome of each step."""
        rows = re.findall(r"(?m)^(changed|unchanged|failed) +([^:]+): ", self.out)
        return {name: word for word, name in rows}


class Machine:
    """A tree below a folder, and the programs as a node gets them."""

    def __init__(self, root: Path, python: str = sys.executable) -> None:
        self.root, self.python = root / "machine", python
        self.programs = root / "programs"
        self.programs.mkdir(parents=True)
        (self.programs / "driver.py").write_text(DRIVER)
        self._write_programs(NODE)
        self._files()
        self.records({})
        for name in (*PROGRAMS, *RECORDED_ONLY):
            self.program(name, PROGRAMS.get(name, ":"))

    def copy(self, root: Path) -> Machine:
        """Return a machine below another folder that is as this one is."""
        found = copy.copy(self)
        found.root, found.programs = root / self.root.name, root / self.programs.name
        shutil.copytree(self.root, found.root, symlinks=True)
        shutil.copytree(self.programs, found.programs)
        return found

    def _write_programs(self, data: Mapping[str, Any]) -> None:
        for path, text in assemble(read_programs(TEMPLATES / "node"), data).items():
            program = self.programs / Path(path).name
            program.write_text(text)
            program.chmod(0o755)

    def records(self, changes: Mapping[str, list[str]]) -> None:
        """Let the name servers answer what they do inside a deployment, with changes."""
        rows = {**RECORDS, **changes}
        self.put("records", "".join(f"{key} {value}\n" for key, values in rows.items() for value in values))

    def _files(self) -> None:
        self.put("proc/sys/kernel/hostname", "ip-10-20-0-12\n")
        self.put("proc/sys/vm/swappiness", "60\n")
        self.put("proc/net/route", "Iface\tDestination\tGateway\neth0\t00000000\t0100140A\t0003\n")
        self.put("proc/net/if_inet6", "")
        self.put("proc/net/tcp", "  sl  local_address rem_address   st\n   0: 00000000:0016 00000000:0000 0A\n")
        self.put("proc/meminfo", "MemTotal:       16000000 kB\n")
        self.put("proc/self/mounts", "/dev/root / ext4 rw 0 0\n")
        self.put("etc/fstab", "LABEL=root / ext4 defaults 0 1\n")
        self.put("etc/hosts", "127.0.1.1 store1\n127.0.0.1 localhost\n::1 localhost\n")
        self.put("etc/resolv.conf", f"nameserver {SERVER}\n")
        self.put("etc/os-release", 'NAME="Ubuntu"\nVERSION_ID="20.04"\nID=ubuntu\n')
        self.put("etc/chrony/.keep", "")
        self.put("usr/share/keyrings/.keep", "")
        self.put("run/systemd/network/10-netplan-eth0.network", "[Match]\nName=eth0\n")
        for name in ("all", "default", "lo", "eth0"):
            self.put(f"proc/sys/net/ipv6/conf/{name}/disable_ipv6", "0\n")
        self.put("address", ADDRESS)
        self.put("provide", PROVIDE)
        self.put("routes", "Iface\tDestination\tGateway\neth0\t00000000\t0100140A\t0003\n")
        self.put("network-file", "/run/systemd/network/10-netplan-eth0.network")
        self.put("next-key", SECRET)
        self.put("locales", "C\nC.utf8\nPOSIX\n")
        self.put("clock", "Leap status     : Normal\n")
        self.put("method", "auto\n")
        self.put("repositories", "repo id\n")
        self.put("key", KEY)
        self.disk("nvme1n1", "mail")

    def put(self, path: str, content: str | bytes) -> Path:
        """Write a file of the machine."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def get(self, path: str) -> str:
        """Read a file of the machine."""
        return (self.root / path).read_text()

    def forget(self, name: str) -> None:
        """Take a program away until the next package is installed."""
        self.put(f"absent/{name}", self.get(f"usr/bin/{name}")).chmod(0o755)
        (self.root / "usr/bin" / name).unlink()
        self.put("provides", name)

    def program(self, name: str, body: str) -> None:
        """Put a program in place of the system's own."""
        self.put(f"usr/bin/{name}", f"#!/bin/sh\n{body}\n").chmod(0o755)

    def disk(self, device: str, key: str, content: bytes = bytes(4 << 20)) -> Path:
        """Attach a disk, and name it as the cloud's id of a volume does."""
        path = self.put(f"dev/{device}", content)
        self.link(device, key)
        return path

    def link(self, device: str, key: str) -> None:
        """Let the id of a volume name a device."""
        link = self.root / "dev/disk/by-id" / key
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(f"../../{device}")

    def install(self, data: Mapping[str, Any], **devices: str) -> None:
        """Put the files of the first boot in place, and the program's parts that the node gets."""
        self._write_programs(data)
        self.put("etc/carbonio-node/node.json", json.dumps(data))
        named = devices or {item["key"]: f"/dev/disk/by-id/{item['key']}" for item in data["volumes"]}
        self.put("etc/carbonio-node/devices.json", json.dumps(named))

    def run(self, program: str, *arguments: str, data: str = "", wait: str = "0") -> Ended:
        """Run one of the programs on this machine; `wait`: seconds that it may wait for something."""
        if program.endswith("check"):
            arguments = ("--check", *arguments)
        ended = subprocess.run(
            [*self.command(wait), *arguments],
            input=data,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def command(self, wait: str = "0") -> list[str]:
        """Return what runs carbonio-node-configure on this machine."""
        driver, program = self.programs / "driver.py", self.programs / "carbonio-node-configure"
        return [self.python, "-I", "-B", str(driver), str(self.root), wait, str(program)]

    def configure(self, *arguments: str, data: str = "", wait: str = "0") -> Ended:
        """Run carbonio-node-configure."""
        return self.run("carbonio-node-configure", *arguments, data=data, wait=wait)

    def check(self) -> dict[str, tuple[str, str]]:
        """Run carbonio-node-check and return (status, text) by id."""
        ended = self.run("carbonio-node-check", "--json")
        assert ended.code in (0, 1), ended.err
        rows = json.loads(ended.out)
        assert rows["ok"] == (ended.code == 0)
        return {row["id"]: (row["status"], row["what"]) for row in rows["checks"]}

    def commands(self) -> list[str]:
        """Return the commands that were run since the last call."""
        record = self.root / "commands.jsonl"
        if not record.exists():
            return []
        found = [json.loads(line) for line in record.read_text().splitlines()]
        record.unlink()
        return found

    def tree(self) -> dict[str, bytes | str]:
        """Return every file of the machine."""
        return {
            str(path.relative_to(self.root)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if (path.is_file() or path.is_symlink()) and path.name != "commands.jsonl"
        }


def pythons() -> list[str]:
    """Return the interpreters of this machine that a node could have, by way of PATH and pyenv."""
    folders = [*os.environ["PATH"].split(":"), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    found: dict[int, str] = {}
    for minor in range(6, 16):
        for folder in folders:
            program = shutil.which(f"python3.{minor}", path=folder)
            if program and "shims" not in program:
                found.setdefault(minor, program)
    return list(found.values())
