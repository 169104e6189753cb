"""Connections to public addresses only, and bodies of bounded size.

A redirect or a record names a host that may be a machine of this network, or of the cloud around it, which answers whoever is inside. So
addresses are checked and not names, and a connection goes to the address that was checked. Hosts that --at names are trusted.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import zlib
from collections.abc import Collection
from typing import Any
from urllib.request import getproxies

import httpcore
import httpx

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # the way of IPv6-only networks to IPv4: the last 32 bits are the address meant
KEEP_ALIVE = {"max_connections": None, "max_keepalive_connections": 8, "keepalive_expiry": 5.0}  # seconds


class PrivateAddress(Exception):
    """A name leads to an address that is not public."""


def is_public(address: str) -> bool:
    """True if an IP address belongs to the public internet, and so does the IPv4 address inside it, if there is one."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


async def public_addresses(host: str, port: int, trusted: Collection[str] = ()) -> list[str]:
    """The addresses of a host, in the order in which to try them.

    Raises PrivateAddress if one is not public and the host not trusted, and httpcore.ConnectError if there is no such host.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from None
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    private = [address for address in addresses if not is_public(address)]
    if private and host not in trusted:
        raise PrivateAddress(f"{host} is at {private[0]}, which is not a public address: it is not connected to, unless --at names it")
    return addresses


class PublicNetwork(httpcore.AnyIOBackend):
    """Connects to addresses that were checked."""

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


def open_client(trusted: Collection[str], headers: dict[str, str], timeout: float) -> httpx.AsyncClient:
    """A client that reaches public addresses and trusted hosts only; `timeout` in seconds.

    Behind a proxy of the environment the proxy connects, so names are checked beforehand; one that only the proxy knows passes.
    """
    async def check(request: httpx.Request) -> None:
        with contextlib.suppress(httpcore.ConnectError):
            await public_addresses(request.url.host, request.url.port or 443, trusted)

    if not {"http", "https", "all"}.isdisjoint(getproxies()):
        return httpx.AsyncClient(headers=headers, timeout=timeout, event_hooks={"request": [check]})
    transport = httpx.AsyncHTTPTransport()  # it has no argument for the network
    transport._pool = httpcore.AsyncConnectionPool(httpx.create_ssl_context(), **KEEP_ALIVE, network_backend=PublicNetwork(trusted))
    return httpx.AsyncClient(headers=headers, timeout=timeout, transport=transport)


async def read_bounded(response: httpx.Response, most: int) -> bytes:
    """The unpacked body of a response, of which no more than `most` bytes and one are read.

    The bound holds for the unpacked bytes, of which there may be a thousand times as many as come. Raises httpx.DecodingError.
    """
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip", ""):
        raise httpx.DecodingError(f"packed as {packing[:20]!r}, which was not asked for")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packing else None
    body, received = bytearray(), 0
    async for part in response.aiter_raw():
        received += len(part)
        if unpacking is None:
            body += part
        elif not unpacking.eof:  # what follows the packed body is ignored
            try:
                body += unpacking.decompress(part, most + 1 - len(body))
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
        if len(body) > most:
            return bytes(body)
        if received > most:
            raise httpx.DecodingError("the packed answer has no end")
    if unpacking and received and not unpacking.eof:
        raise httpx.DecodingError("the packed answer is cut short")
    return bytes(body)
