"""The process host finds services by name, lets them share apps, and ends when one of them does."""

import asyncio

import pytest

from infra.errors import SettingsError
from infra.serve import Host, find_service, host_services, main
from infra.settings import ServiceSettings


def settings() -> ServiceSettings:
    """Settings with a free admin port."""
    return ServiceSettings(instance="us/test", admin_port=0, log_level="error")


def test_an_unknown_service_is_named_with_those_that_exist() -> None:
    """The operator mistyped a name: the message lists the right ones."""
    with pytest.raises(SettingsError, match=r"there is no service gatway; known are .*gateway"):
        find_service("gatway")


def test_wrong_settings_end_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback for what an operator can mend."""
    monkeypatch.delenv("CAUSEWAY_INSTANCE", raising=False)
    monkeypatch.delenv("CAUSEWAY_ADMIN_PORT", raising=False)

    assert main(["gateway"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("causeway: The settings are not usable: CAUSEWAY_INSTANCE")
    assert "Traceback" not in said


async def test_a_service_that_ends_by_itself_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever supervises the process starts it anew; the others do not limp on."""

    async def short(host: Host) -> None:
        host.health.expect("short")

    cancelled = asyncio.Event()

    async def long(host: Host) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    monkeypatch.setattr("infra.serve.find_service", {"short": short, "long": long}.__getitem__)

    with pytest.raises(ExceptionGroup) as failures:
        await host_services(["long", "short"], settings())

    assert failures.group_contains(RuntimeError, match="service short ended by itself")
    assert cancelled.is_set()


async def test_an_offered_app_reaches_the_other_services_of_the_process() -> None:
    """An edge beside a gateway calls it without a hop; an edge alone learns that there is none."""

    async def app(scope: object, receive: object, send: object) -> None:
        """Stand for a gateway."""

    together, alone = Host(("edge", "gateway")), Host(("edge",))
    waiting = asyncio.create_task(together.offered("gateway"))
    together.offer("gateway", app)

    assert await waiting is app
    assert await alone.offered("gateway") is None


def test_a_service_finishes_early_only_in_a_process_of_its_own() -> None:
    """An edge beside a gateway goes on until the process ends."""
    alone, together = Host(("gateway",)), Host(("edge", "gateway"))

    assert alone.finish == alone.ending.run
    assert together.finish is None
