"""A group has a hundred members at most, whoever comes from wherever at the same moment."""

import asyncio
import secrets

import httpx

REGIONS = ("us", "eu", "ap")
BEFORE, JOINING = 97, 10
LIMIT = 100
PATIENCE_SECONDS = 120.0


class Account:
    """Somebody at home in a region, who calls it over HTTP."""

    def __init__(self, http: httpx.AsyncClient, url: str, tokens: dict[str, str]) -> None:
        """Say who, and where."""
        self.id = tokens["user_id"]
        self._http, self._url = http, url
        self._bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    async def call(self, method: str, path: str, **body: object) -> httpx.Response:
        """Make a request."""
        return await self._http.request(method, f"{self._url}{path}", headers=self._bearer, json=body or None)

    async def join(self, group: str, token: str) -> tuple[int, str]:
        """Join; ask again under the same name until it is decided. Return the status, and why it was refused."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                answer = await self.call("POST", f"/groups/{group}/join", token=token, client_message_id="join")
                if not answer.is_success and answer.json()["definite"]:
                    return answer.status_code, answer.json()["code"]
                if answer.is_success and answer.json()["seq"] is not None:
                    return answer.status_code, ""
                await asyncio.sleep(0.2)  # who asks without a pause is refused


async def register(http: httpx.AsyncClient, urls: dict[str, str], count: int) -> list[Account]:
    """Make accounts, spread over the regions, a few at a time."""
    room = asyncio.Semaphore(6)

    async def one(number: int) -> Account:
        region = REGIONS[number % len(REGIONS)]
        account = {"handle": f"full-{secrets.token_hex(6)}", "password": "battery staple", "home_region": region}
        async with room:
            answer = await http.post(f"{urls[region]}/register", json=account)
        assert answer.status_code == 201, answer.text
        return Account(http, urls[region], answer.json())

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def test_three_of_ten_fit_whichever_regions_they_come_from(http: httpx.AsyncClient, urls: dict[str, str]) -> None:
    """Ten join by a link at once, from three regions; three are in, seven are told that the group is full, and all regions count a hundred."""
    everybody = await register(http, urls, BEFORE + JOINING)
    members, joining = everybody[:BEFORE], everybody[BEFORE:]
    owner = members[0]
    made = await owner.call("POST", "/groups", name="Full", member_ids=[one.id for one in members[1:]])
    assert made.status_code == 201, made.text
    group = made.json()["group_id"]
    token = (await owner.call("POST", f"/groups/{group}/invites", uses=0)).json()["token"]

    ends = await asyncio.gather(*(one.join(group, token) for one in joining))

    assert sorted(code for _, code in ends) == [""] * (LIMIT - BEFORE) + ["group-full"] * (BEFORE + JOINING - LIMIT)
    inside = {one.id for one in members} | {one.id for one, (_, code) in zip(joining, ends, strict=True) if not code}
    for witness in members[: len(REGIONS)]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := (await witness.call("GET", f"/groups/{group}")).json()).get("member_count") != LIMIT:  # noqa: ASYNC110 — nothing is told over HTTP
                await asyncio.sleep(0.2)
        listed = (await witness.call("GET", f"/groups/{group}/members")).json()["members"]
        assert {one["user_id"] for one in listed} == inside
        assert found["member_count"] == LIMIT
