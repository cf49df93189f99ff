"""The directory says nothing for longer than a lease lasts: who stands by renews meanwhile, and a region that hears neither is islanded; one by which nobody stands is not.

And faults planted into that, each of which the judge's checkers for what must hold while a fault lasts, and soon after it, find.
"""

import asyncio
import json
import secrets
from typing import Any

import httpx
import pytest

from chaos.federation import Federation
from chaos.judge.expectations import expected_of
from chaos.judge.judgement import CHECKERS, EXPECTED, Judgement
from chaos.judge.verdict import Verdict
from tests.acceptance import struck
from tests.acceptance.conftest import PLANTED, STOOD_BY, Lent
from tests.acceptance.gauges import Gauges

pytestmark = pytest.mark.timeout(900)
PATIENCE = 240.0
LENGTH = 6.0
"""Of a lease, seconds, as the directory grants it."""
PARTS = {"gateway": "us/front", "projector": "us/back"}
"""Service to the part that it is in, of each that keeps a lease."""
RENEWALS = "causeway_lease_renewals_total"


@pytest.fixture(scope="module")
def judged(lent: Lent, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    """What the judge says of each run through one outage."""
    ledgers = tmp_path_factory.mktemp("ledgers")
    asyncio.run(struck.live_through_all(lent.of(*STOOD_BY, **PLANTED), ledgers))
    return struck.judged(ledgers)


class User:
    """Somebody with one device."""

    def __init__(self, http: httpx.AsyncClient, url: str, tokens: dict[str, str]) -> None:
        """Have tokens."""
        self._http = http
        self._url = url
        self.id = tokens["user_id"]
        self._bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Make a request."""
        return await self._http.request(method, self._url + path, headers=self._bearer, **more)

    async def write(self, to: "User", text: str) -> dict[str, Any]:
        """Send a message; return what the region answers."""
        answer = await self.call("POST", "/messages", json={"recipient_id": to.id, "text": text})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def reads(self, peer: "User", *texts: str) -> None:
        """Wait until the conversation with somebody shows these texts, the newest first."""
        async with asyncio.timeout(PATIENCE):
            while True:
                page = await self.call("GET", "/messages", params={"peer_id": peer.id})
                shown = [one["text"] for one in page.json().get("messages", ()) if one["kind"] != "hidden"]
                if page.status_code == 200 and tuple(shown) == texts:
                    return
                await asyncio.sleep(0.2)


async def ask_to_register(http: httpx.AsyncClient, url: str) -> httpx.Response:
    """Ask for an account."""
    credentials = {"handle": f"u{secrets.token_hex(8)}", "password": "a good password"}
    return await http.post(f"{url}/register", json=credentials)


async def registered(http: httpx.AsyncClient, url: str) -> User:
    """Return somebody new, as soon as the region lets anybody in."""
    async with asyncio.timeout(PATIENCE):
        while (answer := await ask_to_register(http, url)).status_code != 201:
            assert answer.status_code in {409, 503}, answer.text
            await asyncio.sleep(0.2)
    return User(http, url, answer.json())


async def standing(stood_by: Federation, region: str) -> dict[str, Any]:
    """Return what an operator is told of a region."""
    found = json.loads(await stood_by.act("region", "status", "--json"))["regions"]
    return next(one for one in found if one["region"] == region)


async def test_a_silent_directory_harms_nobody_who_is_in_and_islands_whom_its_standby_does_not_hear_either(
    stood_by: Federation, http: httpx.AsyncClient
) -> None:
    """Who stands by renews: `us` and `eu` do all that they did but give handles out. Once the cable is cut as well, `us` lets nobody in, definitely, and goes on; then it lets in again."""
    status = stood_by.status()
    us, eu = (status.regions[name].public_url for name in ("us", "eu"))
    alice, bob, cem = [await registered(http, us) for _ in range(3)]
    eva, edi = [await registered(http, eu) for _ in range(2)]
    ours = (await alice.call("POST", "/groups", json={"name": "Ours", "member_ids": [bob.id]})).json()["group_id"]
    theirs = (await eva.call("POST", "/groups", json={"name": "Theirs", "member_ids": [edi.id]})).json()["group_id"]
    await alice.write(eva, "before")
    await eva.reads(alice, "before")
    before = await standing(stood_by, "us")
    assert (before["holder"], before["standby"], before["islanded"]) == ("us", "eu", False)
    assert 0 < before["lease_seconds"] <= LENGTH
    assert before["promised_seconds"] > 0
    gauges = Gauges(http, status)
    renewed = {service: await by_the_standby(gauges, service) for service in PARTS}

    await stood_by.act("local", "pause", "directory")
    try:
        for service, count in renewed.items():  # so often that without it the lease would have lapsed twice
            await gauges.reach(PARTS[service], RENEWALS, at_least=count + 6, service=service, result="standby")
        for part in PARTS.values():
            assert await gauges.read(part, "causeway_lease_islanded") == 0
        await all_goes_on(http, us, eu, (alice, bob, eva, edi), theirs)
        assert (await standing(stood_by, "us"))["islanded"] is False

        await stood_by.act("local", "cut", "us-eu")
        for service, part in PARTS.items():
            await gauges.reach(part, "causeway_lease_islanded", at_least=1, service=service)
        await the_island_goes_on(http, us, (alice, bob, cem, eva), ours)
        assert await gauges.read("eu/front", "causeway_lease_islanded") == 0
        assert (await edi.write(eva, "still"))["seq"] == 2
        told = await standing(stood_by, "us")
        assert (told["holder"], told["islanded"], told["lease_seconds"]) == (None, True, 0.0)
        assert (await standing(stood_by, "eu"))["islanded"] is False
    finally:
        await stood_by.act("local", "heal")
        await stood_by.act("local", "resume", "directory")

    dan = await registered(http, us)
    await dan.write(alice, "I am new")
    async with asyncio.timeout(PATIENCE):
        while (await alice.call("POST", f"/groups/{ours}/members", json={"user_id": dan.id})).status_code != 201:  # noqa: ASYNC110 — another process
            await asyncio.sleep(0.2)
    await eva.reads(alice, "from the island", "while it is silent", "before")
    await gauges.falls("us/back", "causeway_lease_islanded")
    assert (await standing(stood_by, "us"))["islanded"] is False


async def by_the_standby(gauges: Gauges, service: str) -> float:
    """Return how often who stands by has renewed a service's lease."""
    return await gauges.read(PARTS[service], RENEWALS, service=service, result="standby")


async def all_goes_on(http: httpx.AsyncClient, us: str, eu: str, people: tuple[User, ...], group: str) -> None:
    """People are let in, in both regions and across the sea; only handles are nobody's to give."""
    alice, bob, eva, edi = people
    assert (await edi.write(eva, "as ever"))["seq"] == 1
    await alice.write(eva, "while it is silent")
    await eva.reads(alice, "while it is silent", "before")
    for person, other in ((alice, bob), (eva, edi)):
        begun = await person.call("POST", "/groups", json={"name": "New", "member_ids": [other.id]})
        assert begun.status_code == 201, begun.text
    link = (await eva.call("POST", f"/groups/{group}/invites", json={})).json()["token"]
    joined = await alice.call("POST", f"/groups/{group}/join", json={"token": link})
    assert joined.status_code == 201, joined.text
    for url in (us, eu):
        unmade = await ask_to_register(http, url)
        assert (unmade.status_code, unmade.json()["code"]) == (503, "unavailable"), "no handle can be kept unique now"


async def the_island_goes_on(http: httpx.AsyncClient, us: str, people: tuple[User, ...], group: str) -> None:
    """Nobody is let in; who is in writes, also to another region, and keeps out whom they like."""
    alice, bob, cem, eva = people
    refused = [
        await ask_to_register(http, us),
        await alice.call("POST", "/groups", json={"name": "New", "member_ids": [bob.id]}),
        await alice.call("POST", f"/groups/{group}/members", json={"user_id": cem.id}),
        await alice.call("PUT", f"/groups/{group}/members/{bob.id}/role", json={"role": "admin"}),
    ]
    for answer in refused:
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["definite"]) == (409, "islanded", True), answer.text
    assert (await alice.write(bob, "on the island"))["seq"] == 1
    sent = await alice.call("POST", "/messages", json={"recipient_id": eva.id, "text": "from the island"})
    assert sent.status_code in {201, 202}, sent.text  # eva reads it once the cable is whole
    removed = await alice.call("DELETE", f"/groups/{group}/members/{bob.id}")
    assert (removed.status_code, removed.json()["unconfirmed"]) == (201, True), removed.text
    assert (await alice.call("PUT", f"/blocks/{bob.id}")).status_code == 204
    await bob.write(alice, "is anybody there?")
    await alice.reads(bob, "on the island")


@pytest.mark.usefixtures("stood_by")
@pytest.mark.parametrize("name", struck.RED)
def test_what_must_hold_while_a_fault_lasts_is_asked(judged: dict[str, Judgement], name: str) -> None:
    """The checker that is for what was withheld, or planted, rules false, and all others that were asked say true; of what was told truly all do."""
    judgement, red = judged[name], struck.RED[name]

    assert judgement.named(Verdict.FALSE) == red, judgement
    assert judgement.named(Verdict.TRUE) == {*CHECKERS, *expected_of(struck.TELLINGS[name])} - red, judgement


def test_each_of_these_checkers_is_proven() -> None:
    """By a fault in a running system, not only by one in a ledger: where a message rests in `test_planted.py`; what is asked of a death, of a region or of a part that has a replica, is proven by ledgers alone."""
    elsewhere = {"residency", "takeover", "tails", "replicated", "prompt"}
    assert set().union(*struck.RED.values()) | elsewhere == set(EXPECTED)
