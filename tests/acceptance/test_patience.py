"""Something that a region stands on is frozen: no request hangs, and each says what is known of it."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
DEVICES_WAIT = 15.0
"""How long a device waits for an answer, seconds."""
RECOVERY_SECONDS = 120.0
UPLOAD = {"name": "a.txt", "size": 1, "content_type": "text/plain", "checksum": "0" * 64}


@pytest.mark.parametrize("part", ["postgres", "redis", "kafka", "blobs"])
async def test_every_request_is_answered_while_something_is_frozen(
    make_person: MakePerson, whole: Federation, urls: dict[str, str], as_: As, part: str
) -> None:
    """Before a device would give up, from its own region and over another; then all goes on, and nothing happened twice."""
    alice, boris = await make_person("us"), await make_person("us")
    await (await alice.write("before", boris)).reach(Stage.READ)
    message = {"recipient_id": boris.id, "text": "meanwhile", "client_message_id": f"frozen-{part}"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/messages", {"json": message}),
        ("GET", "/messages", {"params": {"peer_id": boris.id}}),
        ("GET", "/conversations", {}),
        ("GET", f"/users/{boris.id}", {}),
        ("POST", "/uploads", {"json": UPLOAD}),
    ]
    await whole.act("local", "pause", f"us/{part}")
    try:
        async with httpx.AsyncClient(timeout=DEVICES_WAIT) as device:
            answers = await asyncio.gather(
                *(
                    device.request(method, f"{urls[via]}{path}", headers=as_(alice), **more)
                    for via in ("us", "eu")
                    for method, path, more in asked
                )
            )
    finally:
        await whole.act("local", "resume", f"us/{part}")

    for answer in answers:
        assert answer.status_code in {200, 201, 409, 422, 503}, answer.text
        if answer.status_code == 503:
            assert answer.request.method == "POST" or answer.json()["definite"], answer.text
    async with asyncio.timeout(RECOVERY_SECONDS), httpx.AsyncClient(timeout=DEVICES_WAIT) as device:
        while True:
            again = await device.post(f"{urls['us']}/messages", json=message, headers=as_(alice))
            if again.status_code in {200, 201}:
                break
            await asyncio.sleep(1)
    await boris.until(lambda: boris.texts(again.json()["conversation_id"]).count("meanwhile") == 1)
