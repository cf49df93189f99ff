"""The directory's process: serves its HTTP API, makes its tables when the store is there, and watches the store."""

import asyncio

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from global_directory import repository
from global_directory.app import make_app
from global_directory.directory import Directory
from global_directory.operators.desk import Desk
from global_directory.operators.detector import Detector
from global_directory.operators.passes import Seal
from global_directory.revisions import SCHEMA
from global_directory.roll import Roll
from global_directory.settings import DirectorySettings
from global_directory.transactions import Transactions, make_engine
from infra.backoff import Backoff
from infra.errors import CausewayError, SettingsError
from infra.health import Health
from infra.identity import DIRECTORY, Door
from infra.passwords import Cost, Passwords
from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import read
from infra.telling import told
from infra.web import serve_app
from replication.holding.lease import MILLION, Terms

log = structlog.get_logger()

STORE = "directory-store"
HTTP = "directory-http"
WATCH = 5.0
"""How often the store is looked at while it is well, seconds."""


async def service(host: Host) -> None:
    """Run the directory until cancelled; it outlives its store."""
    settings = read(DirectorySettings)
    settings.check()
    host.health.expect(STORE, HTTP)
    guard = Guard(SCHEMA, settings.directory_store, instance=settings.instance, service="directory", health=host.health)
    engine = make_engine(settings.directory_store, size=settings.directory_connections)
    tls = host.mutual_tls(DIRECTORY)
    regions = {name.strip() for name in settings.regions.split(",")} - {""}
    if tls is not None and not regions:
        raise SettingsError(problems="CAUSEWAY_REGIONS: missing; with TLS, only regions that are named there may call")
    door = Door({DIRECTORY, *regions})
    terms = Terms(length=int(settings.lease_seconds * MILLION))
    usable = Transactions(engine, usable=lambda: guard.understands)
    directory = Directory(usable, ttl=settings.reservation_ttl, terms=terms)
    roll = Roll(directory, door)
    seal = None if settings.operator_key is None else Seal.read(settings.operator_key)
    passwords = Passwords(Cost())
    desk = Desk.on(usable, seal, passwords, seconds=settings.operator_session_seconds)
    app = make_app(directory, roll, desk, detector=Detector(desk.actors, directory.detection, settings.policy))
    host.offer("directory", app)
    started = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(guard.run())
            group.create_task(
                serve_app(
                    app,
                    host=settings.directory_host,
                    port=settings.directory_port,
                    started=started,
                    tls=tls,
                    door=door,
                    ending=host.ending,
                )
            )
            group.create_task(roll.keep_fresh())
            group.create_task(desk.actors.keep_trace())
            group.create_task(_tell_started(host.health, started))
            group.create_task(watch_store(engine, host.health, settings.directory_localities))
    finally:
        passwords.close()
        await engine.dispose()


async def watch_store(engine: AsyncEngine, health: Health, localities: dict[str, str]) -> None:
    """Make the tables as soon as the store can be reached, then keep telling whether it can."""
    prepared, backoff = False, Backoff(first=0.2)
    while True:
        try:
            async with asyncio.timeout(10 if prepared else 60):
                if prepared:
                    await repository.ping(engine)
                else:
                    await repository.prepare(engine, localities)
        except (SQLAlchemyError, psycopg.Error, CausewayError, TimeoutError) as error:
            problem = told(error) if str(error) else "no answer in time"
            health.tell(STORE, ok=False, detail=problem)
            log.warning("the directory's store cannot be used", problem=problem, failures=backoff.attempts + 1)
            await asyncio.sleep(backoff.next())
        else:
            prepared = True
            backoff.reset()
            health.tell(STORE, ok=True)
            await asyncio.sleep(WATCH)


async def _tell_started(health: Health, started: asyncio.Event) -> None:
    await started.wait()
    health.tell(HTTP, ok=True)
