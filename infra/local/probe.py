"""Asking a part whether it is well."""

import asyncio
import re
import struct
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec

from infra.health import Condition
from infra.local.parts import Admits, Answers, Listens, Part, Says

PATIENCE = 2.0


async def well(part: Part, log_start: int = 0) -> bool:
    """Ask once.

    Args:
        part: Whom.
        log_start: Where in its log its present life began, in bytes.
    """
    match part.probe:
        case Listens(port):
            return await listens(port)
        case Answers(port, path):
            return await answers(port, path)
        case Admits(port):
            return await admits(port)
        case Says(patterns):
            return await asyncio.to_thread(says, part.log, log_start, patterns)


async def listens(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def answers(port: int, path: str) -> bool:
    """Whether `GET path` answers 200."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]


class Page(msgspec.Struct, frozen=True):
    """What a service's `/health` says."""

    conditions: dict[str, Condition]


async def complaint(part: Part) -> str:
    """Ask a part that answers over HTTP what is wrong; nothing when it does not say."""
    return await asyncio.to_thread(_complaint, part.probe.port) if isinstance(part.probe, Answers) else ""


def _complaint(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health")
        page = msgspec.json.decode(connection.getresponse().read(), type=Page)
    except (OSError, HTTPException, msgspec.DecodeError):
        return ""
    finally:
        connection.close()
    return "; ".join(f"{name}: {one.detail}" for name, one in page.conditions.items() if not one.ok)


async def admits(port: int) -> bool:
    """Whether PostgreSQL on the port is done with its start: it answers a start-up message with R, not with an error."""
    parameters = b"user\0causeway\0database\0causeway\0\0"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(struct.pack("!ii", 8 + len(parameters), 3 << 16) + parameters)
                answer = await reader.read(1)
                writer.write(b"X\0\0\0\4")  # the polite end
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return answer == b"R"


def says(log: Path, start: int, patterns: tuple[str, ...]) -> bool:
    """Whether each pattern occurs in the log after `start`."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return False
    return all(re.search(pattern, text) for pattern in patterns)
