"""What operators do, on a real store, over real HTTP: roles, passes, and the trace of all of it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from global_directory.client import DirectoryClient
from global_directory.operators import audit, session
from global_directory.operators.acting import operation
from global_directory.operators.actors import Shown
from global_directory.operators.carried import PASS
from global_directory.operators.errors import (
    NoPassError,
    NoReasonError,
    NoSuchOperatorError,
    NotConfirmedError,
    NotEnoughError,
    NotLoggedInError,
    OperationOverError,
    TooManyTriesError,
    WrongOperatorError,
)
from global_directory.operators.schemas import Asked, OperationEnd, OperationRequest
from global_directory.operators.session import new_operation_id
from global_directory.operators.tries import FREE
from infra.errors import CausewayError
from tests.integration.operators.conftest import PASSWORD, World

pytestmark = pytest.mark.integration


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
    assert [(one.who, one.result) for one in await world.trace(verb="backup")] == [
        ("otto", "refused"),
        ("ada", "begun"),
    ]


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
