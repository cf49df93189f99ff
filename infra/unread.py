"""Peers that read nothing: a connection whose other end takes nothing of what waits for it is given up, and what waited is forgotten."""

import asyncio
import socket
import struct
from typing import Final

HTTP_SECONDS: Final = 10.0
"""How long an HTTP client may take nothing of what waits for it."""

WEBSOCKET_SECONDS: Final = 40.0
"""How long a WebSocket's peer may; its pings, every 20 s and answered within 20 s, find it sooner while it is open."""


def bound(transport: asyncio.BaseTransport, seconds: float) -> None:
    """Have the kernel give a connection up once its peer has acknowledged nothing for so long, although something waits.

    The kernel knows best what was taken; and it goes on with what it holds for the peer when the connection was closed here, for
    as long as somebody answers its probes. Linux alone has that bound; elsewhere there is none.
    """
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is not None and end.family in {socket.AF_INET, socket.AF_INET6} and hasattr(socket, "TCP_USER_TIMEOUT"):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(seconds * 1000)))


def abort(transport: asyncio.Transport) -> None:
    """Cut a connection off now, with what the kernel holds for its peer, which is more than we do."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
