"""Who is at the other end: the name in a certificate, the caller of a request, and the door that lets only some of them in.

    caller = caller_of(scope)   # in an ASGI app: the region that asks, or None

A region is named in its certificate as `eu.causeway.internal`, the directory as `directory.causeway.internal`, whatever their
addresses are.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Final, Protocol

import structlog
from starlette.types import Scope

from infra.errors import CausewayError, UnavailableError

log = structlog.get_logger()

DOMAIN: Final = "causeway.internal"
DIRECTORY: Final = "directory"
"""The directory's name; no region can have it, since theirs are shorter."""
CALLER: Final = "causeway.caller"
"""Where a scope holds the name of who calls."""


class StrangerError(CausewayError):
    """{caller} may not call here: the certificate that it showed names nobody who has business at this port. Use a certificate of the federation's own authority, of the right region."""

    code = "stranger"
    status = 403
    definite = True


class ExpelledCallerError(CausewayError):
    """Region {region} was expelled from trust, so nothing of it is taken. Ask the federation's operators; `causeway region readmit` lets it in again."""

    code = "expelled"
    status = 403
    definite = True


def host_name(name: str) -> str:
    """Return how a certificate names a region, or the directory."""
    return f"{name}.{DOMAIN}"


def named_by(hosts: Iterable[str]) -> str | None:
    """Return whom the host names of a certificate name; None if nobody, or more than one."""
    names = {host.removesuffix(f".{DOMAIN}") for host in hosts if host.endswith(f".{DOMAIN}")}
    return names.pop() if len(names) == 1 else None


def caller_at(transport: asyncio.BaseTransport) -> str | None:
    """Return who is at the other end of a connection, by the certificate that was verified; None over plain text."""
    certificate: Mapping[str, Iterable[tuple[str, str]]] = transport.get_extra_info("peercert") or {}
    return named_by(value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS")


def caller_of(scope: Scope) -> str | None:
    """Return the name of the region (or the directory) whose certificate the caller showed.

    None while TLS is off, and for whoever came another way than over a connection of its own: through the edge in the same
    process, or by a trunk. So what regions alone may ask must be served by the internal port alone, and where that port has
    a door, a caller of None never gets that far.
    """
    caller: str | None = scope.get(CALLER)
    return caller


class Connected(Protocol):
    """A connection of a server."""

    caller: str | None
    transport: asyncio.Transport


class Door:
    """Who may come in at a port; those who may not any more are cut off."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """Let in those names, and nobody else."""
        self._allowed = frozenset(allowed)
        self._expelled: frozenset[str] = frozenset()
        self._held: frozenset[str] = frozenset()
        self._connections: Collection[Connected] = ()

    def watch(self, connections: Collection[Connected]) -> None:
        """Take over the live set of a server's connections, so that they can be cut."""
        self._connections = connections

    def refusal(self, caller: str | None) -> CausewayError | None:
        """Return why that caller may not come in; None if it may."""
        if caller is None or caller not in self._allowed:
            return StrangerError(caller=caller or "Nobody known")
        if caller in self._held:
            return UnavailableError(what=f"Whoever tells whether region {caller} is trusted")
        return ExpelledCallerError(region=caller) if caller in self._expelled else None

    def hold(self, names: Iterable[str]) -> None:
        """Let none of these in until `expel` tells who was expelled."""
        self._held = frozenset(names)

    def expel(self, names: Iterable[str]) -> None:
        """From now on let none of these in, but again those that were named before; cut the connections of whoever is named."""
        self._expelled, self._held = frozenset(names), frozenset()
        for connection in list(self._connections):
            if connection.caller in self._expelled:
                log.warning("connection cut", caller=connection.caller, reason="expelled from trust")
                connection.transport.abort()
