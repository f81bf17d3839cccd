"""The machines of a generated folder as namespaces, joined as the cloud joins them.

`outside` holds everybody on the Internet, each by an address of its own. `fabric` is the cloud's private network: it
routes between the machines' private addresses and sends what leaves the network to the gateway. What differs between
clouds is how public addresses arrive: on an interface of their own, or translated one to one by the fabric. On a
hypervisor the fabric is a switch, and there may be a router of the operator's, set up by the hand-over sheet.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from types import TracebackType
from typing import Any, final

from tests.oracle import router as sheet
from tests.packets.firewalld import Firewalld, rules
from tests.packets.namespaces import Namespace, join
from tests.packets.router import set_up
from tests.packets.traffic import Listeners

ROUTER = "10.20.0.1"
UPLINK = "172.31.1.1"
CLIENTS = [f"198.18.0.{number}" for number in range(50, 66)]
"""Addresses of people on the Internet."""
STRANGER = CLIENTS[0]
MANAGEMENT = "198.51.100.7"
LISTED = "203.0.113.5"
"""In a range that the topology lists for a service."""
UPSTREAM = ("185.12.64.1", "185.12.64.2")
"""Where the name servers of Hetzner stand."""


@final
class World:
    """All machines of one deployment, the Internet and the private network.

    Attributes:
        data: What `nodes/<name>.json` says, by machine.
        machines: The namespaces.
        public: Public addresses by machine.
        router: What the sheet says of the operator's own; None without.
    """

    def __init__(self, folder: Path, work: Path, *, translated: bool, switched: bool) -> None:
        """Join the machines; rules are loaded by `load`.

        Args:
            folder: What `generate` wrote.
            work: Where files may be put.
            translated: Public addresses are translated by the cloud, as on AWS.
            switched: The private network is a switch, as on a hypervisor.
        """
        self.work = work
        self.translated = translated
        self.switched = switched
        self.data: dict[str, dict[str, Any]] = {
            path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("nodes/*.json"))
        }
        # Behind a gateway no other machine has a public address.
        forwards = any("goto forwarded" in line for lines in self._files("gateway").values() for line in lines)
        text = (folder / "hand-over.md").read_text("utf-8")
        addresses = {name: str(content["address"]) for name, content in self.data.items()}
        self.router = sheet.read(text, addresses) if sheet.has_table(text) else None
        exposed = ["gateway"] if forwards else [] if self.router else list(self.data)
        self.public = {name: f"192.0.2.{10 + place}" for place, name in enumerate(exposed)}
        self.behind = forwards
        self._stack = contextlib.ExitStack()
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _files(self, name: str) -> dict[str, list[str]]:
        files: dict[str, list[str]] = self.data[name]["files"] if name in self.data else {}
        return files

    def address(self, name: str) -> str:
        """Return a machine's private address."""
        return str(self.data[name]["address"])

    @property
    def nodes(self) -> list[str]:
        """Names of the machines with roles of Carbonio."""
        return [name for name in self.data if name != "gateway"]

    def namespace(self, short: str) -> Namespace:
        """Make one more machine; it is removed with the others."""
        made = Namespace(short)
        self._stack.callback(made.close)
        return made

    def keep(self, context: contextlib.AbstractContextManager[Any]) -> Any:
        """Enter something that ends with the bench."""
        return self._stack.enter_context(context)

    def _build(self) -> None:
        self.outside = self.namespace("outside")
        self.fabric = self.namespace("fabric")
        self.machines = {name: self.namespace(name) for name in self.data}
        self.firewalld: dict[str, Firewalld] = {}
        routing = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.*.rp_filter": "0"}
        self.outside.ip(
            *(f"address add {entry}/32 dev lo" for entry in (*CLIENTS, MANAGEMENT, LISTED, *UPSTREAM)),
        )
        for machine in (self.outside, self.fabric):
            machine.sysctl(routing)
        if self.switched:
            self.fabric.ip("link add name switch type bridge", "link set switch up")
            self.fabric.ip("address add fd00::1/64 dev switch nodad")
        for place, name in enumerate(self.data):
            if self.switched:
                self._switched_side(name, place)
            else:
                self._private_side(name, place)
        if self.router is not None:
            set_up(self.router, self.namespace("router"), self.fabric, self.outside, [MANAGEMENT])
        elif self.translated:
            self._translated_side()
        else:
            for place, name in enumerate(self.public):
                self._public_side(name, place)
        if self.behind and not self.switched:
            self._way_out()
        self.listeners = Listeners()
        self._stack.callback(self.listeners.close)

    def _private_side(self, name: str, place: int) -> None:
        """Join a machine with the private network, where everything goes by the router."""
        machine, address = self.machines[name], self.address(name)
        join(machine, "private", self.fabric, f"node{place}", 1450)
        self.fabric.ip(f"address add {ROUTER}/32 dev node{place}", f"route add {address}/32 dev node{place}")
        default = f"route add default via {ROUTER} src {address}"
        machine.ip(
            f"address add {address}/32 dev private",
            f"route add {ROUTER}/32 dev private",
            f"route add 10.20.0.0/16 via {ROUTER} src {address}",
            *([default] if self.translated or (self.behind and name != "gateway") else []),
            f"address add {self.sixth(name)}/64 dev private nodad",
        )
        self.fabric.ip(
            f"address add fd00::1/128 dev node{place} nodad",
            f"route add {self.sixth(name)}/128 dev node{place}",
        )

    def _switched_side(self, name: str, place: int) -> None:
        """Join a machine with a switch; it leads what leaves where its data say."""
        machine, router = self.machines[name], self.data[name]["router"]
        join(machine, "private", self.fabric, f"node{place}")
        self.fabric.ip(f"link set node{place} master switch")
        machine.ip(
            f"address add {self.address(name)}/16 dev private",
            *([f"route add default via {router}"] if router else []),
            f"address add {self.sixth(name)}/64 dev private nodad",
        )

    def sixth(self, name: str) -> str:
        """Return the IPv6 address that a machine has on its private side."""
        return f"fd00::{list(self.data).index(name) + 2}"

    def _public_side(self, name: str, place: int) -> None:
        machine, address = self.machines[name], self.public[name]
        join(machine, "public", self.outside, f"node{place}")
        self.outside.ip(f"address add {UPLINK}/32 dev node{place}", f"route add {address}/32 dev node{place}")
        machine.ip(
            f"address add {address}/32 dev public",
            f"route add {UPLINK}/32 dev public",
            f"route add default via {UPLINK} src {address}",
        )

    def _translated_side(self) -> None:
        """Give the fabric the public addresses: it translates each to one private address and back."""
        join(self.fabric, "uplink", self.outside, "cloud")
        self.outside.ip(f"address add {UPLINK}/32 dev cloud", "route add 192.0.2.0/24 dev cloud")
        self.fabric.ip("address add 192.0.2.1/32 dev uplink", f"route add {UPLINK}/32 dev uplink")
        self.fabric.ip(f"route add default via {UPLINK}")
        self.fabric.sysctl({"net.ipv4.conf.uplink.proxy_arp": "1"})
        self.fabric.ip(*(f"address add {address}/32 dev uplink" for address in self.public.values()))
        inward = ", ".join(f"{address} : {self.address(name)}" for name, address in self.public.items())
        outward = ", ".join(f"{self.address(name)} : {address}" for name, address in self.public.items())
        rules = f"""
            table ip cloud {{
                chain prerouting {{
                    type nat hook prerouting priority -100
                    iifname uplink dnat to ip daddr map {{ {inward} }}
                }}
                chain postrouting {{
                    type nat hook postrouting priority 100
                    oifname uplink snat to ip saddr map {{ {outward} }}
                }}
            }}"""
        self.fabric.run("nft", "-f", "-", text=rules)

    def _way_out(self) -> None:
        """Send what nodes have for the Internet to the gateway."""
        place = list(self.data).index("gateway")
        lines = [f"route add default via {self.address('gateway')} dev node{place} onlink table 100"]
        lines += ["rule add pref 100 table main suppress_prefixlength 0"]
        lines += [f"rule add pref 200 iif node{other} table 100" for other in range(len(self.data)) if other != place]
        self.fabric.ip(*lines)

    def write(self, name: str) -> Path:
        """Write a machine's files below a folder of its own, by the paths that they have on it."""
        root = self.work / name
        for path, lines in self._files(name).items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return root

    def load(self) -> None:
        """Load every machine's own files: kernel parameters and the firewall."""
        for name, machine in self.machines.items():
            root = self.write(name)
            for file in sorted(root.glob("etc/sysctl.d/*")):
                machine.sysctl(_parameters(file.read_text("utf-8")))
            if (root / "etc/firewalld").is_dir():
                self.firewalld[name] = self.keep(Firewalld(machine, root, self.work))
            else:
                self.reload(name)
        for daemon in self.firewalld.values():
            daemon.wait()

    def rules(self, name: str) -> int:
        """Return how many rules a machine has loaded."""
        return rules(self.machines[name])

    def reload(self, name: str) -> None:
        """Load a machine's nftables anew."""
        self.machines[name].run("nft", "-f", str(self.work / name / "etc/nftables.conf"))


def _parameters(text: str) -> dict[str, str]:
    """Read a file of sysctl.d(5)."""
    pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}
