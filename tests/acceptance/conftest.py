"""One whole federation for the session, started and taken down as anybody would: by the `causeway` command."""

import contextlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from chaos.federation import CommandError, Federation, Status
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

MakePerson = Callable[..., Awaitable[Person]]
StartFederation = Callable[..., AbstractContextManager[Federation]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here; the first test pays for starting the federation, so the limit is generous. A limit of a test's own goes before."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.acceptance)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))
    items.sort(key=lambda item: "movable" in getattr(item, "fixturenames", ()))


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
                federation = Federation(environment, command=(str(LAUNCHER),))
                stack.callback(federation.run, "down", "--wipe")
                federation.run("up", "--detach", "--no-demo", *options, patience=LIMIT_SECONDS)
            yield federation

    return start


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


@pytest.fixture(scope="session")
def stood_by_eu(start_federation: StartFederation) -> Iterator[Federation]:
    """A federation in which eu may hold us's duties."""
    with start_federation("--standby", "us=eu") as made:
        yield made


@pytest.fixture
def movable(stood_by_eu: Federation) -> Iterator[Federation]:
    """That federation, for a test that moves duties; whatever becomes of it, the next one finds them at home. Such tests come last, so that no other federation is started beside it."""
    yield stood_by_eu
    with contextlib.suppress(CommandError):  # what stands by may count as not well while it hears of that
        stood_by_eu.run("local", "heal")
    told = json.loads(stood_by_eu.run("region", "status", "--json"))["regions"]
    if any(one["region"] == "us" and one["holder"] == "eu" for one in told):
        stood_by_eu.run("region", "restore", "us", "--why", "a test failed", "--confirm", "us", patience=LIMIT_SECONDS)


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
