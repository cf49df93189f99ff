"""A running supervisor renews certificates before they end, and starts again who does not see that by itself."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from infra.local import ports
from infra.local.certificates import AUTHORITY, RENEW_BEFORE, Authority, Files
from infra.local.federation import Federation
from infra.local.parts import Answers, Part
from infra.local.supervisor import Supervisor
from infra.local.toolchain import find
from infra.local.topology import Topology

PATIENCE = 30
SERVER = (
    "import http.server as h; h.ThreadingHTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()"
)


@pytest.fixture
async def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Supervisor]:
    """A running supervisor that looks often, of web servers that stand for two regions' Kafka and MirrorMaker, and a service."""
    monkeypatch.setattr("infra.local.supervisor.RENEW_SECONDS", 0.05)
    monkeypatch.setattr("infra.local.kafka.prepare", lambda part, java: None)  # it would format a disk
    kinds = {"us/kafka": "kafka", "us/mirror-eu": "mirror", "us/front": "service", "eu/kafka": "kafka"}
    parts = {
        name: Part(
            name,
            kind,
            (sys.executable, "-c", SERVER.format(port=port)),
            tmp_path / name,
            tmp_path / f"{name.replace('/', '-')}.log",
            Answers(port, "/"),
            ports={"http": port},
        )
        for (name, kind), port in zip(kinds.items(), ports.some_free(len(kinds)), strict=True)
    }
    one = Supervisor(Topology(Federation(str(tmp_path), ("us", "eu")), parts, (), {}), find())
    running = asyncio.create_task(one.run())
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(child.wait_well() for child in one.children.values()))
    yield one
    await one.stop()
    await running


def left(home: Path, region: str) -> timedelta:
    """How long the certificate of a region is still good."""
    certificate = x509.load_pem_x509_certificate(Files.of(home, region).certificate.read_bytes())
    return certificate.not_valid_after_utc - datetime.now(UTC)


async def test_what_ends_soon_is_renewed_and_its_kafka_and_mirrors_are_started_again(supervisor: Supervisor) -> None:
    """Those read their certificate when they start; services and other regions are left alone."""
    before = {name: child.identity for name, child in supervisor.children.items()}
    authority = Authority.read(supervisor.home / AUTHORITY)
    assert authority is not None
    authority.write(Files.of(supervisor.home, "us"), "us", datetime.now(UTC), RENEW_BEFORE - timedelta(days=1))
    assert left(supervisor.home, "us") < RENEW_BEFORE

    renewed = ("us/kafka", "us/mirror-eu")
    async with asyncio.timeout(PATIENCE):
        while not all(  # noqa: ASYNC110 — children have no event
            supervisor.children[name].identity not in {None, before[name]}
            and supervisor.children[name].condition.phase == "healthy"
            for name in renewed
        ):
            await asyncio.sleep(0.02)

    assert left(supervisor.home, "us") > RENEW_BEFORE
    assert all(supervisor.children[name].condition.crashes == 0 for name in renewed)
    assert {name for name, child in supervisor.children.items() if child.identity != before[name]} == set(renewed)
