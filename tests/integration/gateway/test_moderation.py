"""Reports, moderators and suspensions through the real gateway, journal, projector, store and command line."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]  # each command starts an interpreter of its own

PASSWORD = "a good password"
Register = Callable[..., Awaitable[Any]]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
CLI = "from region.gateway.moderation.cli import app; app()"


async def moderate(region: Any, *words: str) -> str:
    """Run `causeway moderate`; return what it says."""
    env = {**os.environ, **region.parts["gateway"].env}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLI, *words, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await child.communicate()
    assert child.returncode == 0, said.decode()
    return said.decode()


async def test_a_report_is_seen_by_moderators_and_an_account_suspended(
    region: Any, person: Register, eventually: Eventually
) -> None:
    """From report to queue to suspension; the suspended are logged out and told why; it can be lifted."""
    moderator, rude, other = await person(), await person(), await person()
    sent = (await rude.send(other, "a rude text")).json()["message_id"]
    reported = await other.call("POST", "/reports", json={"reason": "rude", "message_id": sent})
    assert reported.status_code == 204, reported.text
    assert (await moderator.call("GET", "/moderation/reports")).json()["code"] == "not-a-moderator"
    await moderate(region, "moderator", "us", moderator.id)

    queue = (await moderator.call("GET", "/moderation/reports")).json()["reports"]
    (report,) = [one for one in queue if one["user_id"] == rude.id]
    assert (report["reporter_id"], report["text"], report["reason"]) == (other.id, "a rude text", "rude")
    assert "a rude text" in await moderate(region, "show", "us", report["report_id"])
    assert rude.id in await moderate(region, "list", "us")

    oneself = await moderator.call("PUT", f"/moderation/suspensions/{moderator.id}", json={"why": "A slip."})
    assert (oneself.status_code, oneself.json()["field"]) == (422, "user_id"), oneself.text
    path = f"/moderation/suspensions/{rude.id}"
    suspended = [await moderator.call("PUT", path, json={"why": "You were rude."}) for _ in range(2)]
    assert [one.status_code for one in suspended] == [204, 204], suspended[0].text

    async def refused() -> bool:  # who was seen logged in is believed for two seconds more
        return bool((await rude.send(other, "more")).json().get("token_problem") == "suspended")

    await eventually(refused)
    login = {"handle": rude.tokens["handle"], "password": PASSWORD}
    told = await rude.http.post("/login", json=login)
    assert (told.status_code, told.json()["code"]) == (403, "account-suspended"), told.text
    assert "You were rude." in told.json()["detail"]
    closed = (await moderator.call("GET", f"/moderation/reports/{report['report_id']}")).json()
    assert (closed["closed_how"], closed["closed_by"]) == ("suspended", moderator.id)

    await moderate(region, "unsuspend", "us", rude.id)
    assert (await rude.http.post("/login", json=login)).status_code == 200
    await moderate(region, "moderator", "us", moderator.id, "--remove")
    assert (await moderator.call("GET", "/moderation/reports")).status_code == 403


async def test_a_report_is_dismissed(region: Any, person: Register) -> None:
    """By the operator; it leaves the queue, and what cannot be reported is named."""
    calm, other = await person(), await person()
    assert (await other.call("POST", "/reports", json={"reason": "dull", "user_id": calm.id})).status_code == 204
    (line,) = [line for line in (await moderate(region, "list", "us")).splitlines() if calm.id in line]
    await moderate(region, "dismiss", "us", line.split()[0])
    assert calm.id not in await moderate(region, "list", "us")

    for body, status in (
        ({"reason": "", "user_id": calm.id}, 422),
        ({"reason": "x"}, 422),
        ({"reason": "x", "user_id": other.id}, 422),
        ({"reason": "x", "user_id": "nobody"}, 404),
        ({"reason": "x", "user_id": 'no"body\u202e'}, 404),
        ({"reason": "x", "message_id": "nothing"}, 404),
    ):
        refused = await other.call("POST", "/reports", json=body)
        assert refused.status_code == status, body
        assert "peer_id" not in refused.text
        assert "\u202e" not in refused.text


async def test_a_reported_message_is_taken_away_from_everybody(region: Any, person: Register) -> None:
    """By a moderator, and by the operator; all are told that a moderator did, and the reports are closed. The same again is safe."""
    moderator, rude, other = await person(), await person(), await person()
    await moderate(region, "moderator", "us", moderator.id)
    reports = []
    for text in ("a rude text", "another one"):
        sent = (await rude.send(other, text)).json()["message_id"]
        assert (await other.call("POST", "/reports", json={"reason": text, "message_id": sent})).status_code == 204
        queue = (await moderator.call("GET", "/moderation/reports")).json()["reports"]
        reports += [one["report_id"] for one in queue if one["message_id"] == sent]
    path = f"/moderation/reports/{reports[0]}/delete"
    assert (await rude.call("POST", path)).status_code == 403

    async with other.device() as device:
        await device.until("welcome")
        for _ in range(2):
            answer = await moderator.call("POST", path)
            assert answer.status_code == 204, answer.text
        frame = await device.until("entry")
        await moderate(region, "delete", "us", reports[1])

    assert (frame["message"]["kind"], frame["message"]["change"]["moderated"]) == ("message_deleted", True)
    for reader, peer in ((rude, other), (other, rude)):
        page = (await reader.page(peer))["messages"]
        assert not any(message["text"] for message in page)
        assert sum(message.get("deleted", False) for message in page) == 2
    closed = [(await moderator.call("GET", f"/moderation/reports/{one}")).json() for one in reports]
    assert [one["closed_how"] for one in closed] == ["deleted", "deleted"]
    assert closed[0]["closed_by"] == moderator.id

    assert (await other.call("POST", "/reports", json={"reason": "dull", "user_id": rude.id})).status_code == 204
    [whole] = [
        one
        for one in (await moderator.call("GET", "/moderation/reports")).json()["reports"]
        if one["user_id"] == rude.id
    ]
    assert (await moderator.call("POST", f"/moderation/reports/{whole['report_id']}/delete")).status_code == 404
