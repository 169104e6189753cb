"""Public and private addresses in every notation: python -m pytest tests/test_network.py"""

from __future__ import annotations

import asyncio

import httpcore
import pytest

from common.crawl.network import PrivateAddress, is_public, public_addresses

PUBLIC = ["1.1.1.1", "17.253.144.10", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
PRIVATE = ["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1",
           "fe80::1", "fe80::1%eth0", "fd00::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
           "2002:7f00:1::1", "2001:db8::1"]  # fmt: skip


def test_addresses_are_public_or_not_and_so_is_the_address_in_them() -> None:
    assert [address for address in PUBLIC if not is_public(address)] == []
    assert [address for address in PRIVATE if is_public(address)] == []


def looked_up(host: str, *trusted: str) -> list[str]:
    return asyncio.run(public_addresses(host, 80, trusted))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "169.254.169.254", "2852039166", "::1", "::ffff:7f00:1", "0"])
def test_whatever_form_an_address_has_it_is_the_address_that_counts(host: str) -> None:
    with pytest.raises(PrivateAddress, match="--at"):
        looked_up(host)
    assert looked_up(host, host)


def test_a_public_address_stays_and_a_host_that_is_none_is_no_connection() -> None:
    assert looked_up("1.1.1.1") == ["1.1.1.1"]
    for nonsense in ("a..b", "x" * 80 + ".invalid", "nowhere.invalid"):
        with pytest.raises(httpcore.ConnectError):
            looked_up(nonsense)
