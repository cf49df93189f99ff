"""What an origin answers to whoever asks for what the mirror skipped."""

import httpx
import psycopg
import pytest

from infra.tls import public
from replication.codec import decode_relayed
from replication.records import Stream
from replication.repair.pages import PATH, Want, build, decode_page
from replication.repository import runs_within
from tests.integration.relay.crossing import serving

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


async def test_an_origin_serves_only_whom_a_stream_leads_to(regions: tuple[str, str], origin_store: str) -> None:
    """Nobody else, no device that an edge carries, and nothing that cannot be read; what is gone is said to be."""
    origin, here = regions
    good = {"destination": here, "incarnation": "1", "epoch": "1", "partition": "0", "first": "58", "last": "70"}
    us = {"causeway-region": here}
    async with serving(origin_store, origin) as url, httpx.AsyncClient(verify=public(), base_url=url) as client:

        async def status(headers: dict[str, str], method: str = "GET", **changes: str) -> int:
            return (await client.request(method, PATH, params=good | changes, headers=headers)).status_code

        answer = await client.get(PATH, params=good, headers=us)
        assert answer.status_code == 200
        page = decode_page(answer.content, Want(Stream(origin, 1, 1, here, 0), 58, 70))
        assert [decode_relayed(value).via.sequence for value in page.records] == [58, 59, 60]
        assert page.upto == 70
        assert await status({}) == 404
        assert await status({"causeway-region": "other"}) == 404
        assert await status(us | {"causeway-bridged": "1"}) == 404
        assert await status(us, destination="other") == 404
        assert await status(us, first="0") == 400
        assert await status(us, last="57") == 400
        assert await status(us, partition="-1") == 400
        assert await status(us, method="POST") == 400


async def test_a_large_range_comes_in_pages_and_a_damaged_batch_is_a_hole_in_it(
    regions: tuple[str, str], origin_store: str
) -> None:
    """Each page says how far it speaks; asked on from there, everything that can still be read comes once."""
    origin, here = regions
    stream = Stream(origin, 1, 1, here, 1)
    async with await psycopg.AsyncConnection.connect(origin_store, autocommit=True) as connection:
        await connection.execute("UPDATE outputs SET payload = 'x' WHERE partition = 1 AND first = 6")
        found: list[int] = []
        first = 1
        while first <= 60:
            runs, complete = await runs_within(connection, stream, first=first, last=60, most=7, bytes_=10**9)
            page = build(Want(stream, first, 60), runs, now=1, complete=complete)
            found += [decode_relayed(value).via.sequence for value in page.records]
            first = page.upto + 1
        few, complete = await runs_within(connection, stream, first=1, last=60, most=100, bytes_=1)

    assert found == [n for n in range(1, 61) if n not in {4, 5, 6}]
    assert len(few) == 1
    assert not complete
