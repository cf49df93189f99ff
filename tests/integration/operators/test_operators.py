"""Operators on a real store, over real HTTP: accounts, passwords and sessions."""

import asyncio
import json

import httpx
import pytest

from global_directory.operators.errors import (
    KeyAloneError,
    LastAdminError,
    NoSuchOperatorError,
    NotEnoughError,
    NotLoggedInError,
    OldPasswordError,
    OperatorExistsError,
    TooManyLoginsError,
    TooManyTriesError,
    WrongOperatorError,
)
from global_directory.operators.logins import LOGINS
from global_directory.operators.schemas import OperationEnd, OperationRequest
from global_directory.operators.session import new_operation_id
from global_directory.operators.tries import FREE, PAUSE
from infra.tls import public
from tests.integration.operators.conftest import PASSWORD, World

pytestmark = pytest.mark.integration


async def test_the_first_admin_is_made_by_the_key_and_the_others_by_admins(world: World) -> None:
    """The key makes operators, and does nothing else; operators who are no admins make none."""
    async with world.deployment() as client:
        assert await client.operators() == ()
        await client.add("ada", "admin", PASSWORD)
        with pytest.raises(OperatorExistsError):
            await client.add("ada", "viewer", PASSWORD)
        with pytest.raises(KeyAloneError):
            await client.begin(OperationRequest(new_operation_id(), "expel", "eu", "x", "eu"))
    async with world.client(await world.login("ada")) as ada:
        await ada.add("bob", "operator", PASSWORD)
        assert [(one.name, one.role, one.added_by) for one in await ada.operators()] == [
            ("ada", "admin", "deployment"),
            ("bob", "operator", "ada"),
        ]
    async with world.client(await world.login("bob")) as bob:
        for refused in (bob.add("eve", "admin", PASSWORD), bob.set_role("bob", "admin"), bob.remove("ada")):
            with pytest.raises(NotEnoughError):
                await refused
        with pytest.raises(NotEnoughError):
            await bob.set_password("ada", "another password")
        await bob.set_password("bob", "another password", old=PASSWORD)
    await world.login("bob", "another password")
    kept = [(one.who, one.verb, one.target, one.result) for one in reversed(await world.trace())]
    assert kept == [
        ("deployment", "operator-add", "ada", "done"),
        ("deployment", "operator-add", "ada", "refused"),
        ("deployment", "expel", "eu", "refused"),
        ("ada", "operator-login", "ada", "done"),
        ("ada", "operator-add", "bob", "done"),
        ("bob", "operator-login", "bob", "done"),
        ("bob", "operator-add", "eve", "refused"),
        ("bob", "operator-role", "bob", "refused"),
        ("bob", "operator-remove", "ada", "refused"),
        ("bob", "operator-password", "ada", "refused"),
        ("bob", "operator-password", "bob", "done"),
        ("bob", "operator-login", "bob", "done"),
    ]


async def test_one_admin_is_always_left(world: World) -> None:
    """By whatever way."""
    await world.add("ada", "admin")
    await world.add("bob", "operator")
    async with world.deployment() as client:
        for refused in (client.remove("ada"), client.set_role("ada", "operator")):
            with pytest.raises(LastAdminError):
                await refused
        await client.set_role("bob", "admin")
        await client.remove("ada")
        with pytest.raises(NoSuchOperatorError):
            await client.remove("ada")


@pytest.mark.parametrize("change", ["logout", "password", "remove", "removed and made again", "end"])
async def test_a_session_is_over_when_it_should_be(world: World, change: str) -> None:
    """At once, though it is signed; and its refusal stands in the trace."""
    await world.add("root", "admin")
    await world.add("ada", "admin")
    shown = await world.login("ada")
    granted = await world.begin(shown, "backup")
    async with world.client(shown) as ada, world.deployment() as client:
        if change == "logout":
            await ada.logout()
        elif change == "password":
            await client.set_password("ada", "another password")
        elif change == "end":
            world.clock.now += 3_600 * 1_000_000
        else:
            await client.remove("ada")
            if change != "remove":
                await client.add("ada", "admin", PASSWORD)
    with pytest.raises(NotLoggedInError):
        await world.begin(shown, "backup")
    assert [(one.who, one.result) for one in await world.trace(verb="backup")] == [("", "refused"), ("ada", "begun")]
    async with world.client(granted.token) as acting:  # what was let through before may be told to its end
        await acting.end(granted.operation_id, OperationEnd(done=True))


async def test_passwords_are_not_guessed(world: World) -> None:
    """After a few wrong ones even the right one waits; nobody who is not there is told apart; many at once are no way round."""
    await world.add("ada", "admin")
    with pytest.raises(WrongOperatorError):
        await world.login("nobody")
    guesses = await asyncio.gather(*(world.login("ada", f"guess {n}") for n in range(FREE + 5)), return_exceptions=True)
    assert sum(isinstance(one, WrongOperatorError) for one in guesses) == FREE
    assert sum(isinstance(one, TooManyTriesError) for one in guesses) == 5
    with pytest.raises(TooManyTriesError):
        await world.login("ada")
    world.clock.now += PAUSE * 1_000_000
    await world.login("ada")
    with pytest.raises(WrongOperatorError):
        await world.login("ada", "a guess")
    assert {one.target for one in await world.trace(verb="operator-login", result="refused")} == {"ada", "unknown"}


async def test_who_has_no_password_cannot_log_in(world: World) -> None:
    """As the local federation's own operator, whom its key speaks for."""
    async with world.deployment() as client:
        await client.add("local", "admin")
    for password in ("", "anything else"):
        with pytest.raises(WrongOperatorError):
            await world.login("local", password)


async def test_nobody_makes_the_directory_hash_without_an_end(world: World) -> None:
    """Whoever shows no session, or may not, is refused before anything is hashed; and who may log in by one certificate come so many a while."""
    await world.add("vera", "viewer")
    vera = await world.login("vera")
    hashed = world.passwords.hashed
    for token in ("", "forged", vera):
        async with world.client(token) as client:
            for refused in (client.set_password("ada", PASSWORD), client.add("eve", "admin", PASSWORD)):
                with pytest.raises((NotLoggedInError, NotEnoughError)):
                    await refused
    with pytest.raises(WrongOperatorError):
        await world.login("vera", "x" * 257)
    assert world.passwords.hashed == hashed
    tries = await asyncio.gather(*(world.login(f"n{n}") for n in range(LOGINS + 5)), return_exceptions=True)
    assert sum(isinstance(one, TooManyLoginsError) for one in tries) >= 5
    assert world.passwords.hashed - hashed <= LOGINS
    with pytest.raises(TooManyLoginsError, match="Try again in"):
        await world.login("vera")
    world.clock.now += 60 * 1_000_000
    await world.login("vera")


async def test_a_session_that_was_copied_is_not_the_account(world: World) -> None:
    """A new password takes the present one, of admins as well, and guesses of it count; others are given theirs by an admin; who has none need not say it."""
    await world.add("ada", "admin")
    await world.add("bob", "admin")
    async with world.deployment() as client:
        await client.add("local", "admin")
    ada = await world.login("ada")
    async with world.client(ada) as thief:
        for old in ("", *("a guess",) * (FREE - 1)):
            with pytest.raises(OldPasswordError):
                await thief.set_password("ada", "another password", old=old)
        with pytest.raises(TooManyTriesError):
            await thief.set_password("ada", "another password", old=PASSWORD)
        world.clock.now += PAUSE * 1_000_000
        await thief.set_password("ada", "another password", old=PASSWORD)
    async with world.client(await world.login("bob")) as bob:
        await bob.set_password("ada", "one more password")
    await world.login("ada", "one more password")
    async with world.client(
        world.seal.session("local", await world.generation("local"), seconds=60, now=world.clock.now / 1e6)
    ) as local:
        await local.set_password("local", PASSWORD)
    refused = await world.trace(who="ada", verb="operator-password", result="refused")
    assert [one.target for one in refused] == ["ada"] * (FREE + 1)


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/operator-sessions", {"name": "a\0", "password": PASSWORD}),
        ("POST", "/operator-sessions", {"name": "ada", "password": "a\0"}),
        ("POST", "/operator-sessions", {"name": "\ud800", "password": PASSWORD}),
        ("PUT", "/operators/%00/role", {"role": "admin"}),
        ("PUT", "/operators/%00/password", {"password": PASSWORD}),
        ("DELETE", "/operators/%00", None),
        ("POST", "/operators", {"name": "a\0", "role": "\0", "password": "\0"}),
        ("GET", "/operations?who=%00", None),
        ("GET", "/operations?verb=%00", None),
        ("POST", "/operations", {"operation_id": "o" + "0" * 32, "verb": "\0", "target": "\0", "why": "\0"}),
        ("POST", "/operations/%00/end", {"done": True, "detail": "\0"}),
    ],
)
async def test_what_no_store_can_keep_is_refused(
    world: World, method: str, path: str, content: dict[str, object] | None
) -> None:
    """As what it is, and never by a failure."""
    await world.add("ada", "admin")
    headers = {"authorization": f"Bearer {await world.login('ada')}", "content-type": "application/json"}
    async with httpx.AsyncClient(verify=public(), base_url=world.url, headers=headers) as http:
        answer = await http.request(method, path, content=None if content is None else json.dumps(content))
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["definite"]
