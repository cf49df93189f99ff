"""The process host: `python -m infra.serve NAME [NAME…]` runs the named services in one process until it is told to stop.

A service is an async function that takes the `Host` and runs until it is cancelled. It is found by its name in the entry
point group `causeway.services`, so that this module imports no component. A service that ends or raises ends the process:
whoever supervises it starts it anew.
"""

import asyncio
import contextlib
import gc
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points

import structlog
import uvloop
from starlette.types import ASGIApp

from infra.ending import Ending
from infra.errors import SettingsError
from infra.health import Health
from infra.settings import ServiceSettings, read
from infra.tasks import EndedError, run_for_ever
from infra.telemetry import TASKS, Inquiry, admin_app, set_up_logs
from infra.tls import MutualTls
from infra.web import serve_app

log = structlog.get_logger()

GROUP = "causeway.services"
FEW_FILES = 8_192
"""With fewer files than that a gateway cannot hold the devices that it is made for; see `ulimit -Hn`."""


@dataclass
class Host:
    """What the services of one process share.

    Attributes:
        names: The services that run here.
        ending: How the process ends; servers and whoever is to send somebody away take part in it.
        health: The conditions that `/health` reports; a service declares its own with `health.expect` before it awaits.
        tls: With what this process calls others, and is called; None: plain text.
        inquiries: What else the admin port answers, by the first segment of the path.
    """

    names: tuple[str, ...]
    health: Health = field(default_factory=Health)
    tls: MutualTls | None = None
    ending: Ending = field(default_factory=Ending)
    inquiries: dict[str, Inquiry] = field(default_factory=dict)
    _apps: dict[str, asyncio.Future[ASGIApp]] = field(default_factory=dict)

    @property
    def finish(self) -> Callable[[], Awaitable[None]] | None:
        """What finishes in order what a service has begun that has the process for itself; None if others are in it, who go on."""
        return self.ending.run if len(self.names) == 1 else None

    def offer(self, name: str, app: ASGIApp) -> None:
        """Offer an ASGI app to the other services of this process, so that a call to it costs no hop."""
        future = self._future(name)
        if not future.done():
            future.set_result(app)

    async def offered(self, name: str) -> ASGIApp | None:
        """Return the app that the service of that name offers, once it does; None if it does not run here."""
        return await self._future(name) if name in self.names else None

    def mutual_tls(self, name: str) -> MutualTls | None:
        """Return with what this process, which is that region or the directory, calls others and is called; None: plain text.

        Raises:
            SettingsError: The certificate is somebody else's.
        """
        if self.tls is not None:
            self.tls.check_name(name)
        return self.tls

    def _future(self, name: str) -> asyncio.Future[ASGIApp]:
        return self._apps.setdefault(name, asyncio.get_running_loop().create_future())


Service = Callable[[Host], Awaitable[None]]


def find_service(name: str) -> Service:
    """Return the service of that name.

    Raises:
        SettingsError: No installed component brings a service of that name.
    """
    found = entry_points(group=GROUP, name=name)
    if not found:
        known = ", ".join(sorted(entry.name for entry in entry_points(group=GROUP)))
        raise SettingsError(problems=f"there is no service {name}; known are {known}")
    service: Service = next(iter(found)).load()
    return service


async def host_services(names: Sequence[str], settings: ServiceSettings) -> None:
    """Run the named services until SIGTERM or SIGINT.

    Raises:
        ExceptionGroup: A service failed; the others were cancelled.
    """
    host = Host(tuple(names), tls=MutualTls.read(settings))
    services = {name: find_service(name) for name in names}
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    TASKS.set_function(lambda: len(asyncio.all_tasks(loop)))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        admin = serve_app(admin_app(host.health, host.inquiries), host=settings.admin_host, port=settings.admin_port)
        tasks = [group.create_task(admin, name="admin")]
        if host.tls is not None:
            tasks.append(group.create_task(host.tls.keep_fresh(), name="certificates"))
        tasks += [group.create_task(_to_the_end(name, service(host)), name=name) for name, service in services.items()]
        # What was loaded so far stays for good; without this, collections that walk it cost a busy gateway a tenth of its CPU.
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        log.info("started", services=names)
        await stop.wait()
        log.info("stopping", services=names)
        host.health.tell("running", ok=False, detail="it is being stopped")
        await host.ending.run()
        for task in tasks:
            task.cancel()


async def _to_the_end(name: str, running: Awaitable[None]) -> None:
    try:
        await run_for_ever(running)
    except EndedError as error:
        message = f"service {name} ended by itself: {error}"
        raise RuntimeError(message) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the services that the arguments name; return the exit status."""
    names = list(sys.argv[1:] if arguments is None else arguments)
    try:
        settings = read(ServiceSettings)
        set_up_logs(settings.log_level, instance=settings.instance)
        _allow_files()
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(host_services(names, settings))
    except SettingsError as error:
        return _refuse(error)
    except ExceptionGroup as failures:
        wrong_settings = [error for error in failures.exceptions if isinstance(error, SettingsError)]
        if wrong_settings:
            return _refuse(*wrong_settings)
        log.exception("failed", services=names)
        return 1
    return 0


def _allow_files() -> None:
    """Let this process open as many files as the machine allows: each device is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft != resource.RLIM_INFINITY and soft < FEW_FILES:
        log.warning("few files may be opened, so few devices connected", limit=soft, wanted=FEW_FILES)


def _refuse(*errors: SettingsError) -> int:
    for error in errors:
        print(f"causeway: {error}", file=sys.stderr)  # noqa: T201 — logs may not be set up yet
    return 2


if __name__ == "__main__":
    sys.exit(main())
