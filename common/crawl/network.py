"""Connections to public addresses only.

Where a stranger's answer names a host (a redirect of robots.txt, the file of a record), that may be a machine of this network, or of the
cloud around it, which answers whoever is inside. So the address is looked at, not the name, and the address that was looked at is the one
that is connected to. What --at names is asked wherever it is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from typing import Any
from urllib.request import getproxies

import httpcore
import httpx

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # how a network of IPv6 only reaches the rest: the last 32 bits are the address that is meant


class PrivateAddress(Exception):
    """A name leads to an address that is not public."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and so does the IPv4 address in it, if there is one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


async def public_addresses(host: str, port: int, trusted: Collection[str] = ()) -> list[str]:
    """The addresses of a host, in the order in which they are to be tried.

    Raises PrivateAddress if one is not public and the host not trusted, and httpcore.ConnectError where there is no such host.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from None
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    private = [address for address in addresses if not is_public(address)]
    if private and host not in trusted:
        raise PrivateAddress(f"{host} is at {private[0]}, which is no public address: it is not asked, unless --at names it")
    return addresses


class PublicNetwork(httpcore.AnyIOBackend):
    """Connects to the addresses that it has looked at."""

    def __init__(self, trusted: Collection[str]) -> None:
        self.trusted = trusted

    async def connect_tcp(self, host: str, port: int, *arguments: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await public_addresses(host, port, self.trusted):
            try:
                return await super().connect_tcp(address, port, *arguments, **options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem


class PublicTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over PublicNetwork, for which it has no argument. Through a proxy, the proxy connects: see `through_proxy`."""

    def __init__(self, trusted: Collection[str], limits: httpx.Limits) -> None:
        super().__init__(limits=limits)
        self._pool = httpcore.AsyncConnectionPool(
            httpx.create_ssl_context(), max_connections=limits.max_connections, max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry, network_backend=PublicNetwork(trusted))


def through_proxy() -> bool:
    """Whether the environment names a proxy, which then resolves names: what they lead to can only be looked at beforehand."""
    return not {"http", "https", "all"}.isdisjoint(getproxies())
