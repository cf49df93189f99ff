"""A process whose store cannot be reached tells so everywhere, and nowhere the password in the store's URL."""

import asyncio
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from chaos.leaks import Place, search
from infra.local import ports, process
from infra.local.services import service_part
from infra.tls import public

pytestmark = pytest.mark.integration

PASSWORD = "p4ss-of-the-store-8c"
PATIENCE = 60.0


async def test_the_password_of_a_store_is_told_nowhere(tmp_path: Path) -> None:
    """Neither in the log, nor by health, metrics or arguments; that the store is away is."""
    store, admin, kafka = ports.some_free(3)
    part = service_part(
        "us/projector",
        ["projector"],
        python=Path(sys.executable),
        directory=tmp_path,
        log=tmp_path / "log",
        admin=admin,
        env={
            "CAUSEWAY_REGION": "us",
            "CAUSEWAY_REGIONS": "us,eu",
            "CAUSEWAY_PARTITIONS": "2",
            "CAUSEWAY_KAFKA": f"127.0.0.1:{kafka}",
            "CAUSEWAY_STORE": f"postgresql://causeway:{PASSWORD}@127.0.0.1:{store}/causeway",
            "CAUSEWAY_REDIS": f"redis://:{PASSWORD}@127.0.0.1:{kafka}/0",
            "CAUSEWAY_DIRECTORY": f"http://127.0.0.1:{kafka}",
        },
        ports={},
        needs=frozenset(),
    )
    child = process.spawn(part)
    try:
        async with (
            asyncio.timeout(PATIENCE),
            httpx.AsyncClient(verify=public(), base_url=f"http://127.0.0.1:{admin}") as client,
        ):
            while b"starting over" not in part.log.read_bytes():
                assert child.poll() is None, part.log.read_text()
                await asyncio.sleep(0.05)
            health, metrics = await client.get("/health"), await client.get("/metrics")
        arguments = "\0".join(psutil.Process(child.pid).cmdline()).encode()
    finally:
        process.stop(child, part.stop_signal)

    places = [
        Place("log", "projector", part.log.read_bytes()),
        Place("answer", "/health", health.content),
        Place("metrics", "projector", metrics.content),
        Place("arguments", "projector", arguments),
    ]
    assert not health.json()["conditions"]["store"]["ok"]
    assert b"infra.serve" in arguments
    assert search({"the store's password": PASSWORD}, places) == []
