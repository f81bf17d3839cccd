"""The VPN for real: wg-quick with the gateway's own file, and a peer with the file that it is given."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, final

from generator.plan import Peer, Vpn
from generator.render.wireguard import client
from tests.packets.namespaces import Namespace, checked, join, missing
from tests.packets.world import World

_PEER = "203.0.113.200"
_OTHER_END = "172.31.1.2"
# Each in a mount namespace of its own: sockets of WireGuard have one place for the whole machine.
_UP = """set -e
mkdir -p /run/wireguard /etc/wireguard
mount -t tmpfs tmpfs /run/wireguard
mount --bind {etc} /etc/wireguard
PATH={bin}:$PATH WG_QUICK_USERSPACE_IMPLEMENTATION={bin}/userspace wg-quick up wg0
"""
# Where the kernel has no WireGuard, wg-quick starts a program for it.
_USERSPACE = """#!/bin/sh
wireguard-go -f "$1" >{bin}/log 2>&1 &
echo $! >{bin}/pid
until [ -S "/run/wireguard/$1.sock" ]; do sleep 0.05; done
"""


def no_tunnel() -> str:
    """Return why no tunnel can be made here; empty when it can."""
    return missing("wg", "wg-quick", "wireguard-go") or ("" if Path("/dev/net/tun").exists() else "no /dev/net/tun")


class Keys(NamedTuple):
    """A pair of keys."""

    private: str
    public: str


def key_pair() -> Keys:
    """Make one."""
    private = checked(["wg", "genkey"]).strip()
    return Keys(private, checked(["wg", "pubkey"], private).strip())


@final
class Tunnel:
    """A peer outside, connected with the gateway.

    Attributes:
        peer: The peer's machine.
        address: Its address in the tunnel.
    """

    def __init__(self, world: World, keys: Keys) -> None:
        self._world = world
        self._keys = keys
        self._stack = contextlib.ExitStack()
        self.peer = world.namespace("peer")
        self.address = "10.98.0.2"

    def __enter__(self) -> Tunnel:
        try:
            self._connect()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _connect(self) -> None:
        world = self._world
        join(self.peer, "uplink", world.outside, "peer")
        world.outside.ip(f"address add {_OTHER_END}/32 dev peer", f"route add {_PEER}/32 dev peer")
        self.peer.ip(f"address add {_PEER}/32 dev uplink", f"route add {_OTHER_END}/32 dev uplink")
        self.peer.ip(f"route add default via {_OTHER_END}")
        server = key_pair()
        folder = world.work / "gateway/etc/wireguard"
        (folder / "wg0.key").write_text(server.private, encoding="ascii")
        self._up(world.machines["gateway"], folder)
        # A peer as the operator's computer has it: the file that it is given, with its own key put in.
        vpn = Vpn(51820, "10.98.0.0/24", "10.98.0.1", "", (), ())
        peer = Peer("alice", self._keys.public, self.address)
        text = client(vpn, peer, "10.20.0.0/16", world.public["gateway"], server.public)
        folder = world.work / "peer/etc/wireguard"
        folder.mkdir(parents=True)
        text = text.replace("PUT-YOUR-PRIVATE-KEY-HERE", self._keys.private)
        (folder / "wg0.conf").write_text(text, encoding="utf-8")
        self._up(self.peer, folder)

    def _up(self, machine: Namespace, etc: Path) -> None:
        folder = self._world.work / f"{machine.short}.wireguard"
        folder.mkdir()
        program = folder / "userspace"
        program.write_text(_USERSPACE.format(bin=folder), encoding="utf-8")
        program.chmod(0o755)
        self._stack.callback(_end, folder / "pid")
        machine.run("unshare", "-m", "sh", "-c", _UP.format(etc=etc, bin=folder))


def _end(file: Path) -> None:
    """End the program whose process id a file holds, if it was started at all."""
    if not file.is_file():
        return
    number = int(file.read_text("ascii"))
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGTERM)
