"""Operators on a real store, over real HTTP: accounts, sessions, roles, passes, and the trace of all of it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from global_directory import repository
from global_directory.app import make_app
from global_directory.client import Announcement, DirectoryClient
from global_directory.directory import Directory
from global_directory.operators import audit, session
from global_directory.operators.acting import operation
from global_directory.operators.actors import Shown
from global_directory.operators.carried import PASS
from global_directory.operators.client import OperatorsClient
from global_directory.operators.desk import Desk
from global_directory.operators.errors import (
    KeyAloneError,
    LastAdminError,
    NoPassError,
    NoReasonError,
    NoSuchOperatorError,
    NotConfirmedError,
    NotEnoughError,
    NotLoggedInError,
    OldPasswordError,
    OperationOverError,
    OperatorExistsError,
    TooManyLoginsError,
    TooManyTriesError,
    WrongOperatorError,
)
from global_directory.operators.logins import LOGINS
from global_directory.operators.passes import Seal
from global_directory.operators.schemas import Asked, Granted, OperationEnd, OperationRequest, OperationView
from global_directory.operators.session import new_operation_id
from global_directory.operators.tries import FREE, PAUSE
from global_directory.operators.verbs import DEPLOYMENT
from global_directory.transactions import Transactions, make_engine
from infra.errors import CausewayError
from infra.local import ports
from infra.local.keys import new_signing_key
from infra.passwords import Cost, Passwords
from infra.web import serve_app

pytestmark = pytest.mark.integration
PASSWORD = "a good password"


class Clock:
    """A clock that tests move, and that goes on at each look; microseconds since the epoch."""

    now = 1_000_000_000_000_000

    def __call__(self) -> int:
        """Return the time."""
        self.now += 1
        return self.now


class Counting(Passwords):
    """Counts what is hashed."""

    hashed = 0

    async def hash(self, password: str) -> str:
        """Hash."""
        self.hashed += 1
        return await super().hash(password)

    async def verify(self, password: str, known: str | None) -> bool:
        """Hash, and compare."""
        self.hashed += 1
        return await super().verify(password, known)


@dataclass
class World:
    """A directory with operators, and its key."""

    url: str
    seal: Seal
    clock: Clock
    desk: Desk
    passwords: Counting

    def client(self, token: str = "") -> OperatorsClient:
        """Ask it, as who shows that."""
        return OperatorsClient(self.url, token=token)

    def deployment(self) -> OperatorsClient:
        """Ask it as who has the key."""
        return self.client(self.seal.session(DEPLOYMENT, 0, seconds=300, now=self.clock.now / 1e6))

    async def add(self, name: str, role: str) -> None:
        """Make an operator."""
        async with self.deployment() as client:
            await client.add(name, role, PASSWORD)

    async def login(self, name: str, password: str = PASSWORD) -> str:
        """Return a session."""
        async with self.client() as client:
            return (await client.login(name, password)).session

    async def begin(
        self, shown: str, verb: str, target: str = "us", *, why: str = "a test", confirmed: str = "us"
    ) -> Granted:
        """Ask whether something may be done."""
        async with self.client(shown) as client:
            return await client.begin(OperationRequest(new_operation_id(), verb, target, why, confirmed))

    async def generation(self, name: str) -> int:
        """Return which generation of an operator's sessions is good."""
        async with self.deployment() as client:
            return next(one.generation for one in await client.operators() if one.name == name)

    async def trace(self, **asked: str | int) -> list[OperationView]:
        """Return the trace."""
        async with self.deployment() as client:
            return list(await client.trace(Asked(**asked)))  # type: ignore[arg-type]  # tests choose


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database with the directory's tables."""
    made = make_engine(postgres_url, size=8)
    await repository.prepare(made, {})
    yield made
    await made.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    """A served directory that knows us and eu."""
    clock, seal = Clock(), Seal(new_signing_key())
    transactions, passwords = Transactions(engine), Counting(Cost(memory=8, passes=1, lanes=1))
    directory = Directory(transactions, clock=clock)
    for region in ("us", "eu"):
        url = f"http://{region}.example"
        await directory.announce(region, Announcement(region, 1, 1, url, url))
    desk = Desk.on(transactions, seal, passwords, clock=clock)
    port, started = ports.some_free(1)[0], asyncio.Event()
    app = make_app(directory, operators=desk)
    serving = asyncio.create_task(serve_app(app, host="127.0.0.1", port=port, started=started))
    await asyncio.wait_for(started.wait(), 20)
    yield World(f"http://127.0.0.1:{port}", seal, clock, desk, passwords)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    passwords.close()


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


async def test_what_is_refused_stands_in_the_trace_with_the_reason(world: World) -> None:
    """Who, what, to what, why, when, and what came of it."""
    await world.add("vera", "viewer")
    await world.add("otto", "operator")
    await world.add("ada", "admin")
    vera, otto, ada = [await world.login(name) for name in ("vera", "otto", "ada")]
    for shown, verb, error in ((vera, "backup", NotEnoughError), (otto, "expel", NotEnoughError)):
        with pytest.raises(error):
            await world.begin(shown, verb)
    with pytest.raises(NoReasonError):
        await world.begin(otto, "evacuate", why=" ")
    with pytest.raises(NotConfirmedError):
        await world.begin(ada, "expel", "eu", confirmed="us")
    with pytest.raises(NotLoggedInError):
        await world.begin("forged", "expel")
    refused = [(one.who, one.role, one.verb, one.target, one.why) for one in await world.trace(result="refused")]
    assert refused == [
        ("", "", "expel", "us", ""),
        ("ada", "admin", "expel", "eu", "a test"),
        ("otto", "operator", "evacuate", "us", ""),
        ("otto", "operator", "expel", "us", "a test"),
        ("vera", "viewer", "backup", "us", "a test"),
    ]
    (line,) = await world.trace(who="vera", verb="backup")
    assert "needs the role operator" in line.detail
    assert line.at == line.ended_at


async def test_the_trace_is_chosen_from(world: World) -> None:
    """By verb, target, person, result and time; the newest first; and no further than asked."""
    await world.add("ada", "admin")
    shown = await world.login("ada")
    for target in ("us", "eu"):
        since = world.clock.now
        await world.begin(shown, "evacuate", target, confirmed=target)
    assert [one.target for one in await world.trace(verb="evacuate")] == ["eu", "us"]
    assert [one.target for one in await world.trace(verb="evacuate", most=1)] == ["eu"]
    assert [one.target for one in await world.trace(target="us", result="begun")] == ["us"]
    assert [one.target for one in await world.trace(since=since, who="ada")] == ["eu"]
    async with world.client() as nobody:
        with pytest.raises(NotLoggedInError):
            await nobody.trace(Asked())


async def test_the_directory_does_what_a_pass_is_for_and_nothing_else(world: World) -> None:
    """Neither with a session, nor with a pass of another verb or target, nor twice; nor for who may not any more."""
    await world.add("root", "admin")
    await world.add("ada", "admin")
    shown = await world.login("ada")
    expel = await world.begin(shown, "expel", "eu", confirmed="eu")
    other = await world.begin(shown, "expel", "us")
    readmit = await world.begin(shown, "readmit", "eu")
    for token in ("", shown, other.token, readmit.token):
        async with DirectoryClient(world.url, token=token) as directory:
            with pytest.raises(NoPassError):
                await directory.expel("eu")
            assert await directory.expulsions() == frozenset()
    async with DirectoryClient(world.url, token=expel.token) as directory:
        await directory.expel("eu")
        assert await directory.expulsions() == frozenset({"eu"})
    async with world.client(expel.token) as acting:
        with pytest.raises(OperationOverError):
            await acting.end(other.operation_id, OperationEnd(done=True))
        for _ in range(2):
            await acting.end(expel.operation_id, OperationEnd(done=True, detail="it is out"))
        with pytest.raises(OperationOverError):
            await acting.end(expel.operation_id, OperationEnd(done=False))
    async with DirectoryClient(world.url, token=expel.token) as directory:
        with pytest.raises(NoPassError, match="over"):
            await directory.expel("eu")
    async with world.deployment() as client:
        await client.set_role("ada", "operator")
    async with DirectoryClient(world.url, token=readmit.token) as directory:
        with pytest.raises(NoPassError, match="any more"):
            await directory.readmit("eu")
    ended = [one for one in await world.trace(verb="expel") if one.result == "done"]
    assert [(one.who, one.target, one.why, one.detail) for one in ended] == [("ada", "eu", "a test", "it is out")]
    assert len(await world.trace(verb="expel", result="refused", who="")) >= 4, "what was tried without a pass, too"


async def test_a_request_that_is_repeated_begins_one_operation(world: World) -> None:
    """The answer may have been lost; and nobody takes another's id."""
    await world.add("ada", "admin")
    await world.add("otto", "operator")
    wanted = OperationRequest(new_operation_id(), "backup", "us")
    async with world.client(await world.login("ada")) as ada:
        assert (await ada.begin(wanted)).operation_id == (await ada.begin(wanted)).operation_id
    async with world.client(await world.login("otto")) as otto:
        with pytest.raises(OperationOverError):
            await otto.begin(wanted)
    assert len(await world.trace(verb="backup")) == 1


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


async def test_the_trace_cannot_be_filled_and_tells_what_was_left_out(world: World) -> None:
    """Some refusals of a kind stand there, then one a minute with the number of the others; another kind is not hidden; those of nobody known do not stay for ever."""
    await world.add("vera", "viewer")
    vera = await world.login("vera")
    for number in range(25):
        with pytest.raises(NotLoggedInError):
            await world.begin(f"forged {number}", "expel")
        with pytest.raises(NotEnoughError):
            await world.begin(vera, "backup")
    with pytest.raises(NotLoggedInError):
        await world.begin("forged", "readmit")
    assert len(await world.trace(result="refused", most=1_000)) == 21
    await world.desk.actors.tidy()
    assert len(await world.trace(result="refused", most=1_000)) == 21, "not before the minute is over"
    world.clock.now += 60_000_000
    await world.desk.actors.tidy()
    told = {(one.who, one.verb): one.detail for one in (await world.trace(result="refused"))[:2]}
    assert told == {
        ("", "expel"): "15 refusals like those before were left out",
        ("vera", "backup"): "15 refusals like those before were left out",
    }
    world.clock.now += 91 * 86_400 * 1_000_000
    await world.desk.actors.tidy()
    assert {one.who for one in await world.trace(result="refused", most=1_000)} == {"vera"}
    assert await world.trace(who="deployment", verb="operator-add"), "what somebody did stays"


async def test_what_is_refused_before_it_is_judged_stands_in_the_trace_as_well(world: World) -> None:
    """A target, a name, a role and a password that keep no rules, a verb that there is none of, and tries that come too early."""
    await world.add("ada", "admin")
    shown = await world.login("ada")
    async with world.client(shown) as ada:
        for refused in (
            ada.add("Not A Name", "viewer", PASSWORD),
            ada.add("bob", "emperor", PASSWORD),
            ada.add("bob", "viewer", "short"),
            world.begin(shown, "backup", "no target!"),
            world.begin(shown, "[/b] a verb"),
        ):
            with pytest.raises(CausewayError):
                await refused
    for _ in range(FREE + 1):
        with pytest.raises((WrongOperatorError, TooManyTriesError)):
            await world.login("ada", "a guess")
    refusals = [(one.who, one.verb) for one in await world.trace(result="refused")]
    assert refusals == [("", "operator-login")] * (FREE + 1) + [
        ("ada", "unknown"),
        ("ada", "backup"),
        ("ada", "operator-add"),
        ("ada", "operator-add"),
        ("ada", "operator-add"),
    ]


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


@pytest.mark.parametrize("change", ["logout", "password", "removed and made again", "end"])
async def test_what_was_let_through_is_over_with_the_sessions(world: World, change: str) -> None:
    """Else whoever had copied one would go on; only that a session comes to its end by itself, which takes an hour, leaves an operation its time."""
    await world.add("root", "admin")
    await world.add("ada", "admin")
    shown = await world.login("ada")
    granted = await world.begin(shown, "evacuate")
    async with world.client(shown) as ada, world.deployment() as client:
        if change == "logout":
            await ada.logout()
        elif change == "password":
            await client.set_password("ada", "another password")
        elif change == "end":
            world.clock.now += 3_600 * 1_000_000
        else:
            await client.remove("ada")
            await client.add("ada", "admin", PASSWORD)
    admitted = world.desk.operations.admit(Shown(granted.token), "us", verbs=frozenset({"evacuate"}))
    if change == "end":
        await admitted
    else:
        with pytest.raises(NoPassError, match="were ended"):
            await admitted


async def test_a_pass_for_a_single_request_is_soon_over(world: World) -> None:
    """It would expel again and again what others trust again meanwhile."""
    await world.add("ada", "admin")
    granted = await world.begin(await world.login("ada"), "expel", "eu", confirmed="eu")
    world.clock.now += 301 * 1_000_000
    async with DirectoryClient(world.url, token=granted.token) as directory:
        with pytest.raises(NoPassError, match="ended"):
            await directory.expel("eu")


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
    async with httpx.AsyncClient(base_url=world.url, headers=headers) as http:
        answer = await http.request(method, path, content=None if content is None else json.dumps(content))
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["definite"]


@pytest.fixture
def at_the_terminal(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Awaitable[None]]:
    """How to log in as a command does."""
    world.clock.now = time.time_ns() // 1000
    monkeypatch.setenv("CAUSEWAY_DIRECTORY", world.url)
    monkeypatch.setenv("CAUSEWAY_INSTANCE", "test")
    monkeypatch.setenv("CAUSEWAY_ADMIN_PORT", "0")
    monkeypatch.setenv("CAUSEWAY_OPERATOR_SESSION", str(tmp_path / "session"))
    for name in ("CERTIFICATE", "KEY", "AUTHORITIES"):
        monkeypatch.delenv(f"CAUSEWAY_TLS_{name}", raising=False)

    async def log_in(name: str) -> None:
        await session.login(name, PASSWORD)

    return log_in


async def test_a_command_begins_and_ends_an_operation(
    world: World, at_the_terminal: Callable[[str], Awaitable[None]]
) -> None:
    """Done, failed with what it says, or ended by whatever else; refused before anything is done."""
    await world.add("otto", "operator")
    await at_the_terminal("otto")

    def command(why: str, confirm: str, error: BaseException | None = None) -> str:
        with operation("evacuate", "us", why=why, confirm=confirm) as acting:
            acting.detail = "eu holds"
            assert PASS.get() == acting.token
            if error is not None:
                raise error
            return acting.who

    assert await asyncio.to_thread(command, "disks", "us") == "otto"
    assert PASS.get() == ""
    with pytest.raises(CausewayError):
        await asyncio.to_thread(command, "disks", "us", NoSuchOperatorError(name="it was so"))
    with pytest.raises(KeyboardInterrupt):
        await asyncio.to_thread(command, "disks", "us", KeyboardInterrupt())
    with pytest.raises(NotConfirmedError):
        await asyncio.to_thread(command, "disks", "eu")
    lines = [(one.result, one.detail) for one in await world.trace(verb="evacuate")]
    assert [result for result, _ in lines] == ["refused", "failed", "failed", "done"]
    assert lines[1][1] == "KeyboardInterrupt"
    assert "it was so" in lines[2][1]
    assert lines[3][1] == "eu holds"
    shown = await asyncio.to_thread(session.session)
    assert len(await audit.read(shown, Asked(verb="evacuate", who="otto"))) == 4


async def test_at_a_terminal_the_name_is_typed_once_more(
    world: World, at_the_terminal: Callable[[str], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for what destroys, and for nothing else; a slip of the fingers is refused, and stands in the trace."""
    await world.add("otto", "operator")
    await at_the_terminal("otto")
    typed, asked = ["su", "us"], list[str]()

    class Terminal:
        def isatty(self) -> bool:
            return True

    def prompt(question: str, **_: object) -> str:
        asked.append(question)
        return typed.pop(0)

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", prompt)

    def command(verb: str) -> None:
        with operation(verb, "us", why="disks"):
            pass

    await asyncio.to_thread(command, "backup")
    assert asked == []
    with pytest.raises(NotConfirmedError):
        await asyncio.to_thread(command, "evacuate")
    await asyncio.to_thread(command, "evacuate")
    assert asked == ["To confirm `evacuate`, type us"] * 2
    assert [one.result for one in await world.trace(target="us")] == ["done", "refused", "done"]
