"""The gateway's WireGuard interface, and what its peers write down. Formats: wg(8), wg-quick(8)."""

from generator.plan import Peer, Vpn

_MTU = "1380"
"""With the tunnel's 80 bytes it fits into 1460, what peers behind DS-Lite and some mobile networks have."""

_NAMES = "to use the nodes' names; public names then lead inside as well"

_KEY = "/etc/wireguard/wg0.key"


def interface(vpn: Vpn, network: str) -> tuple[str, ...]:
    """Return the lines of `/etc/wireguard/wg0.conf`.

    Args:
        vpn: The VPN.
        network: IPv4 range of the private network.
    """
    length = vpn.range.partition("/")[2]
    lines = [
        "# Written by generate: change the topology instead, then write this anew.",
        f"# The tunnel into {network}. What its peers reach there is said in /etc/nftables.conf.",
        "",
        "[Interface]",
        f"Address = {vpn.address}/{length}",
        f"ListenPort = {vpn.port}",
        "# Peers behind DS-Lite and some mobile networks have 1460 bytes; the tunnel takes 80 of them.",
        f"MTU = {_MTU}",
        "# The private key was made on this machine and never left it.",
        f"PostUp = wg set %i private-key {_KEY}",
    ]
    for peer in sorted(vpn.peers, key=lambda peer: peer.name):
        lines += ["", f"# {peer.name}", "[Peer]", f"PublicKey = {peer.public_key}", f"AllowedIPs = {peer.address}/32"]
    return tuple(lines)


def client(vpn: Vpn, peer: Peer, network: str, endpoint: str, server_key: str) -> str:
    """Return a peer's own file, its private key left open.

    Args:
        vpn: The VPN.
        peer: Whose file it is.
        network: IPv4 range that the tunnel leads to.
        endpoint: The gateway's public name or address, without a port.
        server_key: The gateway's public key, or what stands for it.
    """
    lines = [
        f"# {peer.name}",
        "[Interface]",
        "PrivateKey = PUT-YOUR-PRIVATE-KEY-HERE",
        f"Address = {peer.address}/32",
        # Whoever asks it gets private addresses for the public names too, where no mail client is served.
        *([f"# DNS = {vpn.name_server}  # {_NAMES}"] if vpn.name_server else []),
        f"MTU = {_MTU}",
        "",
        "[Peer]",
        f"PublicKey = {server_key}",
        f"Endpoint = {endpoint}:{vpn.port}",
        f"AllowedIPs = {network}",
        "PersistentKeepalive = 25",
    ]
    return "\n".join(lines) + "\n"
