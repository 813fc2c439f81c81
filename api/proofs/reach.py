"""Which addresses this service connects to when strangers say where: public ones only.

What Python calls global is not enough: 3.11 to 3.13 say so of multicast, of site-local addresses,
and of most that carry an IPv4 address inside, which a gateway may lead to the inside of a network
(server-side request forgery). So what is global must also stand in none of the ranges here, which
are those of IANA's special-purpose registries (RFC 6890) and what was found beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

Rule = Callable[[IPAddress], bool]
"""Whether an address may be connected to."""

REFUSED: dict[str, str] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a provider's customers",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's own service to its machines",
    "169.254.0.0/16": "link-local, and a cloud's metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "AS112",
    "192.52.193.0/24": "automatic multicast tunnelling",
    "192.88.99.0/24": "relays of 6to4",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "AS112",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved, and broadcast",
    "::/96": "an IPv4 address inside (compatible), loopback, unspecified",
    "::ffff:0:0/96": "an IPv4 address inside (mapped)",
    "::ffff:0:0:0/96": "an IPv4 address inside (translated)",
    "64:ff9b::/96": "an IPv4 address inside (NAT64)",
    "64:ff9b:1::/48": "an IPv4 address inside (local NAT64)",
    "100::/64": "discarded",
    "100:0:0:1::/64": "a dummy prefix",
    "2001::/23": "protocol assignments; Teredo, with an IPv4 address inside; benchmarking; ORCHID",
    "2001:db8::/32": "documentation",
    "2002::/16": "an IPv4 address inside (6to4)",
    "2620:4f:8000::/48": "AS112",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
"""Ranges that are never connected to, and what they are for."""

_NETWORKS = tuple(ip_network(each) for each in REFUSED)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_ISATAP = {0x00005EFE, 0x02005EFE}


def is_public(address: IPAddress) -> bool:
    """Whether an address is one that anybody on the internet may be reached at.

    Args:
        address: as it was resolved; one with a scope is refused.
    """
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if any(address in network for network in _NETWORKS if network.version == address.version):
        return False
    if isinstance(address, IPv4Address):
        return True
    if address.scope_id is not None or address not in _GLOBAL_UNICAST:
        return False
    # ISATAP puts an IPv4 address into the lower half of any prefix (RFC 5214, 6.1).
    return (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP
