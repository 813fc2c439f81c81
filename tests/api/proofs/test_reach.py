"""Only public addresses are connected to."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from optout.api.proofs import REFUSED, is_public


@pytest.mark.parametrize("network", REFUSED)
def test_no_address_of_a_listed_range(network: str) -> None:
    found = ip_network(network)
    assert not is_public(found[0])
    assert not is_public(found[-1])
    assert not is_public(found[found.num_addresses // 2])


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::7f00:1",
        "224.0.0.1",
        "::127.0.0.1",
        "::ffff:8.8.8.8",
        "fec0::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2606:4700::5efe:7f00:1",
        "2606:4700::200:5efe:a9fe:a9fe",
        "2606:4700::1%eth0",
        "169.254.169.254",
        "100.100.100.200",
        "fd00:ec2::254",
        "255.255.255.255",
        "4000::1",
    ],
)
def test_what_leads_inside_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "198.41.0.4", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_reached(address: str) -> None:
    assert is_public(ip_address(address))
