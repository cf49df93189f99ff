"""One whole federation for the session, started and taken down as anybody would: by the `causeway` command."""

import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from chaos.federation import Federation, Status
from chaos.people import Person
from infra.local import homes
from infra.local.toolchain import only_one
from region.client import Client, SqliteStore, Store
from tests.acceptance.browsing import browser, open_tab
from tests.acceptance.gauges import Gauges

__all__ = ["browser", "open_tab"]

LAUNCHER = Path(__file__).parents[2] / "causeway"
STARTING = Path(tempfile.gettempdir()) / "causeway-tests-start.lock"
"""Held from when a block of ports is found free until a federation has them, since another lane looks for one, too."""
LIMIT_SECONDS = 300
START_SECONDS, COMMAND_SECONDS = 600, 600
"""How long a federation may take to start, and any other command, also on a machine that does much else."""
TURNS = ("federation", "several", "planted", "plain", "rolled", "stood_by", "movable", "automatic")
"""By the name of the fixture that a test asks for: in which order tests come, so that no other federation is started beside one, and none twice; what does not come back is last of its federation."""
FAILED = pytest.StashKey[bool]()

STOOD_BY = ("--regions", "us,eu", "--processes", "paired", "--standby", "us=eu")
PLAIN = ("--regions", "us,eu", "--processes", "paired")
PLANTED = {
    "CAUSEWAY_BUILD": str(Path(__file__).parents[1] / "builds" / "planted.py"),
    "CAUSEWAY_PASSWORD_MEMORY": "64",
    "CAUSEWAY_PASSWORD_PASSES": "1",
}
"""Settings of a build whose faults strike only the runs that are named as they are; many people register in it."""

MakePerson = Callable[..., Awaitable[Person]]
StartFederation = Callable[..., AbstractContextManager[Federation]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here; the first test pays for starting the federation, so the limit is generous. A limit of a test's own goes before."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.acceptance)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    names = getattr(item, "fixturenames", ())
    return max((place for place, name in enumerate(TURNS) if name in names), default=0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note of each test whether it failed, for whoever has lent it a federation."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def free_block() -> int:
    """Return the first of enough ports that nobody uses."""
    for base in range(26_000, 60_000, 500):
        try:
            for port in (
                *range(base, base + 4),
                *(base + 100 * region + place for region in (1, 2, 3) for place in range(100)),
            ):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    pytest.fail("there is no block of free ports")


@pytest.fixture(scope="session")
def start_federation(tmp_path_factory: pytest.TempPathFactory) -> StartFederation:
    """Give a test a way to start a federation of its own; takes options of `causeway up`, and settings."""

    @contextmanager
    def start(*options: str, **settings: str) -> Iterator[Federation]:
        home = str(tmp_path_factory.mktemp("federation") / "home")
        with ExitStack() as stack:
            with only_one(STARTING):
                environment = {"CAUSEWAY_HOME": home, "CAUSEWAY_BASE_PORT": str(free_block()), **settings}
                federation = Federation(environment, command=(str(LAUNCHER),), patience=COMMAND_SECONDS)
                stack.callback(federation.run, "down", "--wipe")
                federation.run("up", "--detach", "--no-demo", *options, patience=START_SECONDS)
            yield federation

    return start


class Lent:
    """The federation that tests of several files use one after another; one of another shape takes its place."""

    def __init__(self, start: StartFederation) -> None:
        """Have none yet."""
        self._start = start
        self._shape: object = None
        self._running = ExitStack()
        self._federation: Federation | None = None

    def of(self, *options: str, **settings: str) -> Federation:
        """Return one that was started with these options and settings."""
        shape = (options, settings)
        if self._federation is None or shape != self._shape:
            self.end()
            self._federation = self._running.enter_context(self._start(*options, **settings))
            self._shape = shape
        return self._federation

    def end(self) -> None:
        """Take down the one that there is, so that the next test has a new one."""
        self._federation = None
        self._running.close()


@pytest.fixture(scope="session")
def lent(start_federation: StartFederation) -> Iterator[Lent]:
    """What lends tests a federation; none that a test has failed in."""
    lent = Lent(start_federation)
    yield lent
    lent.end()


@pytest.fixture
def several(lent: Lent) -> Federation:
    """A region whose Kafka has three brokers."""
    return lent.of("--regions", "us", "--brokers", "us=3", "--processes", "paired")


@pytest.fixture
def plain(lent: Lent, request: pytest.FixtureRequest) -> Iterator[Federation]:
    """Two regions by which nobody stands, whose services share two processes. Whole again after each test, but for the last."""
    yield lent.of(*PLAIN)
    _end_failed(lent, request)


@pytest.fixture
def planted(lent: Lent, request: pytest.FixtureRequest) -> Iterator[Federation]:
    """Such a one with faults in its build. Nobody stands by, so that no lease can lapse: whoever is let in late on a busy machine is not refused."""
    yield lent.of(*PLAIN, **PLANTED)
    _end_failed(lent, request)


@pytest.fixture
def stood_by(lent: Lent, request: pytest.FixtureRequest) -> Iterator[Federation]:
    """Two regions whose services share two processes; eu stands by us. Whole again after each test."""
    yield lent.of(*STOOD_BY, **PLANTED)
    _end_failed(lent, request)


@pytest.fixture
def automatic(lent: Lent) -> Federation:
    """A federation in which eu takes us's duties over by itself."""
    return lent.of("--processes", "paired", "--standby", "us=eu", "--takeover", "automatic")


def _end_failed(lent: Lent, request: pytest.FixtureRequest) -> None:
    if request.node.stash.get(FAILED, False):
        lent.end()


@pytest.fixture(scope="session")
def federation(start_federation: StartFederation) -> Iterator[Federation]:
    """The federation; CAUSEWAY_ACCEPTANCE_HOME names one that is up already and stays up."""
    if (home := os.environ.get("CAUSEWAY_ACCEPTANCE_HOME")) is not None:
        base_port = homes.read_federation(Path(home)).base_port
        yield Federation({"CAUSEWAY_HOME": home, "CAUSEWAY_BASE_PORT": str(base_port)}, command=(str(LAUNCHER),))
        return
    with start_federation() as federation:
        yield federation
        crashing = [name for name, part in federation.status().parts().items() if part.state == "crashed"]
        assert not crashing, "some parts end whenever they are started: see their logs"


@pytest.fixture
def movable(lent: Lent, request: pytest.FixtureRequest) -> Iterator[Federation]:
    """Three regions, in which eu may hold us's duties; each test leaves them at home."""
    yield lent.of("--processes", "paired", "--standby", "us=eu")
    _end_failed(lent, request)


@pytest.fixture(scope="session")
def status(federation: Federation) -> Status:
    """How it was when it had just come up."""
    return federation.status()


@pytest.fixture(scope="session")
def urls(status: Status) -> dict[str, str]:
    """Region to public URL."""
    return {name: region.public_url for name, region in status.regions.items()}


@pytest.fixture
def whole(federation: Federation) -> Iterator[Federation]:
    """The federation, for a test that disturbs it; afterwards everything is healed."""
    yield federation
    federation.run("local", "heal")


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A plain HTTP client."""
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


@pytest_asyncio.fixture
async def make_person(urls: dict[str, str]) -> AsyncIterator[MakePerson]:
    """Give the test a way to make people at devices, which are put away at the end.

    Takes the home region, and: `via`, the region to connect to; `like`, another person whose account to use on a further device; `store`, where the device keeps things; `reads`,
    whether everything is read at once; `others`, regions to fail over to.
    """
    async with AsyncExitStack() as stack:

        async def make(
            home: str,
            *,
            via: str | None = None,
            like: Person | None = None,
            store: Store | Path | None = None,
            reads: bool = True,
            others: tuple[str, ...] = (),
        ) -> Person:
            endpoints = [urls[region] for region in (via or home, *others)]
            kept = SqliteStore(store) if isinstance(store, Path) else store
            client = await stack.enter_async_context(Client(endpoints, store=kept, patience=60))
            if not client.is_logged_in and like is None:
                handle = f"{home}-{secrets.token_hex(6)}"
                await client.register(handle, f"password of {handle}", home_region=home)
            elif not client.is_logged_in and like is not None:
                handle = like.client.tokens.handle
                await client.log_in(handle, f"password of {handle}")
            await client.online()
            return await stack.enter_async_context(Person(client, reads=reads))

        yield make


def bearer(person: Person) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {person.client.tokens.access_token}"}


@pytest.fixture(scope="session")
def as_() -> Callable[[Person], dict[str, str]]:
    """Make the header that says who asks."""
    return bearer


@pytest.fixture
def gauges(http: httpx.AsyncClient, status: Status) -> Gauges:
    """What parts measure."""
    return Gauges(http, status)
