"""Accounts, devices and tokens, from every region."""

import asyncio
import secrets
from collections import Counter

import httpx
import pytest

from chaos.federation import Federation

REGIONS = ("us", "eu", "ap")


def credentials(**more: str) -> dict[str, str]:
    """A new handle with a password."""
    return {"handle": f"user-{secrets.token_hex(6)}", "password": "a good password", **more}


def bearer(account: dict[str, str]) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {account['access_token']}"}


@pytest.mark.parametrize("region", REGIONS)
async def test_registering_makes_the_region_home(http: httpx.AsyncClient, urls: dict[str, str], region: str) -> None:
    """Unless another home is asked for, home is where one registers."""
    response = await http.post(f"{urls[region]}/register", json=credentials(display_name="Somebody"))

    assert response.status_code == 201, response.text
    account = response.json()
    assert account["home_region"] == region
    assert account["user_id"].endswith(f"-{region}")
    assert account["display_name"] == "Somebody"
    assert account["token_type"].lower() == "bearer"
    assert account["expires_in"] > 0


@pytest.mark.parametrize(("at", "home"), [("us", "eu"), ("eu", "ap"), ("ap", "us")])
async def test_another_home_may_be_asked_for(http: httpx.AsyncClient, urls: dict[str, str], at: str, home: str) -> None:
    """The account is made there, and is good everywhere at once."""
    wanted = credentials(home_region=home)
    response = await http.post(f"{urls[at]}/register", json=wanted)

    assert response.status_code == 201, response.text
    account = response.json()
    assert account["home_region"] == home
    for region in REGIONS:
        user = await http.get(f"{urls[region]}/users/{account['user_id']}", headers=bearer(account))
        assert user.status_code == 200, user.text
        assert user.json()["handle"] == wanted["handle"]
        assert user.json()["home_region"] == home


@pytest.mark.parametrize("region", REGIONS)
async def test_logging_in_works_in_every_region(http: httpx.AsyncClient, urls: dict[str, str], region: str) -> None:
    """Whatever one's home; and handles are found from everywhere, whatever their case."""
    wanted = credentials(home_region="eu")
    account = (await http.post(f"{urls['eu']}/register", json=wanted)).json()

    response = await http.post(
        f"{urls[region]}/login", json={**wanted, "handle": wanted["handle"].upper(), "device_name": "phone"}
    )

    assert response.status_code == 200, response.text
    assert response.json()["user_id"] == account["user_id"]
    assert response.json()["device_id"] != account["device_id"]
    found = await http.get(
        f"{urls[region]}/users", params={"handle": wanted["handle"]}, headers=bearer(response.json())
    )
    assert found.json()["user_id"] == account["user_id"]


async def test_logging_in_does_not_tell_whether_a_handle_exists(http: httpx.AsyncClient, urls: dict[str, str]) -> None:
    """A wrong password and an unknown handle get the same answer, in every region."""
    wanted = credentials()
    await http.post(f"{urls['us']}/register", json=wanted)

    for region in REGIONS:
        wrong = await http.post(f"{urls[region]}/login", json={**wanted, "password": "not the password"})
        unknown = await http.post(f"{urls[region]}/login", json=credentials())
        assert (wrong.status_code, unknown.status_code) == (401, 401)
        assert wrong.json() == unknown.json()
        assert wrong.json()["code"] == "wrong-credentials"


async def test_of_forty_who_want_one_handle_one_gets_it(http: httpx.AsyncClient, urls: dict[str, str]) -> None:
    """From three regions at once: one 201, 39 clean conflicts; and the winner can log in anywhere."""
    handle = f"wanted-{secrets.token_hex(6)}"

    async def register(number: int) -> httpx.Response:
        spelled = handle.upper() if number % 2 else handle
        body = {"handle": spelled, "password": f"password {number:03}"}
        return await http.post(f"{urls[REGIONS[number % 3]]}/register", json=body, timeout=120)

    async def settled(number: int) -> httpx.Response:
        # Busy is an honest, definite answer while forty passwords are hashed; whoever gets it asks again.
        response = await register(number)
        while response.status_code == 503 and response.json()["definite"]:
            response = await register(number)
        return response

    responses = await asyncio.gather(*(settled(number) for number in range(40)))

    assert Counter(response.status_code for response in responses) == {201: 1, 409: 39}
    assert {response.json()["code"] for response in responses if response.status_code == 409} == {"handle-taken"}
    assert all(response.json()["definite"] for response in responses if response.status_code == 409)
    (winner,) = [number for number, response in enumerate(responses) if response.status_code == 201]
    for region in REGIONS:
        body = {"handle": handle, "password": f"password {winner:03}"}
        login = await http.post(f"{urls[region]}/login", json=body)
        assert login.json()["user_id"] == responses[winner].json()["user_id"]


async def test_registering_again_under_one_key_is_the_same_registration(
    http: httpx.AsyncClient, urls: dict[str, str]
) -> None:
    """An answer that got lost can be asked for again."""
    wanted, key = credentials(), {"Idempotency-Key": secrets.token_hex(16)}

    first = await http.post(f"{urls['us']}/register", json=wanted, headers=key)
    second = await http.post(f"{urls['us']}/register", json=wanted, headers=key)

    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json()["user_id"] == second.json()["user_id"]


@pytest.mark.parametrize("region", REGIONS)
async def test_refreshing_gives_new_tokens_in_every_region(
    http: httpx.AsyncClient, urls: dict[str, str], region: str
) -> None:
    """A refresh token is good where it was not given, too."""
    account = (await http.post(f"{urls['ap']}/register", json=credentials())).json()

    response = await http.post(f"{urls[region]}/token", json={"refresh_token": account["refresh_token"]})

    assert response.status_code == 200, response.text
    fresh = response.json()
    assert (fresh["user_id"], fresh["device_id"]) == (account["user_id"], account["device_id"])
    assert (await http.get(f"{urls[region]}/devices", headers=bearer(fresh))).status_code == 200


async def test_devices_are_listed_and_revoked_from_anywhere(http: httpx.AsyncClient, urls: dict[str, str]) -> None:
    """A revoked device cannot refresh; logging out revokes one's own."""
    wanted = credentials(device_name="laptop")
    laptop = (await http.post(f"{urls['us']}/register", json=wanted)).json()
    phone = (await http.post(f"{urls['ap']}/login", json={**wanted, "device_name": "phone"})).json()

    devices = (await http.get(f"{urls['eu']}/devices", headers=bearer(laptop))).json()["devices"]
    assert {(device["name"], device["current"]) for device in devices} == {("laptop", True), ("phone", False)}

    revoked = await http.delete(f"{urls['eu']}/devices/{phone['device_id']}", headers=bearer(laptop))
    assert revoked.status_code == 204
    refreshed = await http.post(f"{urls['ap']}/token", json={"refresh_token": phone["refresh_token"]})
    assert refreshed.status_code == 401

    assert (await http.post(f"{urls['ap']}/logout", headers=bearer(laptop))).status_code == 204
    assert (await http.post(f"{urls['us']}/token", json={"refresh_token": laptop["refresh_token"]})).status_code == 401


async def test_a_revoked_device_is_turned_away_by_other_regions_too(
    http: httpx.AsyncClient, urls: dict[str, str], whole: Federation
) -> None:
    """They verify its token without asking, and so follow who is logged out; also after they were cut off for a while."""
    bob = (await http.post(f"{urls['us']}/register", json=credentials())).json()
    wanted = credentials()
    thief = (await http.post(f"{urls['eu']}/register", json=wanted)).json()
    later = (await http.post(f"{urls['eu']}/login", json=wanted)).json()
    owner = (await http.post(f"{urls['eu']}/login", json=wanted)).json()

    async def looks_up(device: dict[str, str]) -> httpx.Response:
        return await http.get(f"{urls['us']}/users/{bob['user_id']}", headers=bearer(device))

    async def revoke(device: dict[str, str]) -> None:
        answer = await http.delete(f"{urls['eu']}/devices/{device['device_id']}", headers=bearer(owner))
        assert answer.status_code == 204

    async def is_turned_away(device: dict[str, str]) -> None:
        async with asyncio.timeout(60):  # how soon it is, `causeway bench revocations` measures
            while (answer := await looks_up(device)).status_code == 200:
                pass
        assert (answer.status_code, answer.json()["token_problem"]) == (401, "revoked"), answer.text

    assert (await looks_up(thief)).status_code == 200
    await revoke(thief)
    await is_turned_away(thief)
    await whole.act("local", "cut", "us-eu")
    await revoke(later)
    assert (await looks_up(later)).status_code == 200  # a region that is cut off still serves
    assert (await looks_up(thief)).status_code == 401  # and forgets nothing
    await whole.act("local", "heal")
    await is_turned_away(later)
    assert (await looks_up(owner)).status_code == 200


@pytest.mark.parametrize("region", REGIONS)
async def test_regions_and_liveness_are_told(http: httpx.AsyncClient, urls: dict[str, str], region: str) -> None:
    """A client learns where else it could connect."""
    told = (await http.get(f"{urls[region]}/regions")).json()

    assert told["nearest"] == region
    assert {one["region"]: one["public_url"] for one in told["regions"]} == urls
    assert (await http.get(f"{urls[region]}/healthz")).status_code == 200
    assert (await http.get(f"{urls[region]}/openapi.json")).status_code == 200
