"""Whether a port is free, who has it, and where some are free."""

import socket
from collections.abc import Iterable

import psutil

from infra.local.errors import PortInUseError
from infra.local.parts import Part


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Say who listens on the port, as far as we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if (
                connection.laddr
                and connection.laddr.port == port
                and connection.status == psutil.CONN_LISTEN
                and connection.pid
            ):
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return "another program"


def check(parts: Iterable[Part]) -> None:
    """See that every port that the parts want is free.

    Raises:
        PortInUseError: One is not; the message names the part and the holder.
    """
    for part in parts:
        for port in part.ports.values():
            if not is_free(port):
                raise PortInUseError(port=port, part=part.name, holder=holder(port))


def some_free(count: int) -> list[int]:
    """Return ports that were free a moment ago, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
