"""What operators see: health and metrics of every service."""

from pathlib import Path

import httpx

from chaos.federation import Federation, Status
from infra.local import guests

SERVICES = {"directory", "links"}


def admin_urls(status: Status) -> dict[str, str]:
    """Part to the URL of its admin port, for parts that have one."""
    return {
        name: f"http://127.0.0.1:{part.ports['admin']}"
        for name, part in status.parts().items()
        if "admin" in part.ports
    }


async def test_every_service_tells_its_health_and_metrics(http: httpx.AsyncClient, federation: Federation) -> None:
    """Each service process answers /health with its conditions and /metrics with its own names."""
    urls = admin_urls(federation.status())
    assert len(urls) > 3 * 3

    for name, url in urls.items():
        health = await http.get(f"{url}/health")
        assert health.status_code == 200, (name, health.text)
        if name == "links":
            continue
        assert health.json()["ok"], name
        assert all(condition["ok"] for condition in health.json()["conditions"].values()), name
        metrics = (await http.get(f"{url}/metrics")).text
        assert "causeway_" in metrics, name
        assert "process_cpu_seconds_total" in metrics, name


async def test_lags_are_told_as_timestamps(http: httpx.AsyncClient, federation: Federation) -> None:
    """So that whoever reads them can subtract, and a stuck process shows."""
    urls = admin_urls(federation.status())
    wanted = {"projector", "fanout", "forwarder", "ingester"}
    lacking = set()

    for name, url in urls.items():
        _, _, part = name.partition("/")
        if part in wanted and "_timestamp_seconds" not in (await http.get(f"{url}/metrics")).text:
            lacking.add(name)

    assert not lacking


def test_everything_is_listed_with_its_state(federation: Federation) -> None:
    """Status and list name every part of every region."""
    status = federation.status()

    assert status.state == "healthy"
    assert set(status.regions) == {"us", "eu", "ap"}
    assert all(part.state == "healthy" for part in status.parts().values())
    listing = federation.run("local", "list")
    assert all(name in listing for name in ("us/kafka", "eu/postgres", "ap/mirror", "directory"))


def test_everything_is_seen_at_a_glance(federation: Federation) -> None:
    """One frame of `causeway top` names every region, part and link, and says of each part how it is."""
    status = federation.status()

    shown = federation.run("top", "--once").splitlines()

    assert set(status.regions) == {"us", "eu", "ap"}
    for name, part in status.parts().items():
        assert any(name in line.split() and part.state in line for line in shown), name
    for one in status.regions:
        assert all(any(f"{one} → {other}" in line for line in shown) for other in status.regions if other != one)


def test_the_demonstration_runs_again_and_again(federation: Federation) -> None:
    """It ends well without a terminal, and says what to try next."""
    for _ in range(2):
        shown = federation.run("demo")
        assert "from sender to screen" in shown
        assert "curl" in shown


async def test_the_demonstration_leaves_two_accounts_to_be_used(
    federation: Federation, http: httpx.AsyncClient, urls: dict[str, str], status: Status
) -> None:
    """`demo` and `up` tell the same two, however often; nobody else can read them, and no log has their passwords."""
    first, again, up = federation.run("demo"), federation.run("demo"), federation.run("up", "--detach")

    told = [line.strip() for line in first.splitlines() if "  password  " in line]
    assert len(told) == 2
    assert all(line in again and line in up for line in told)
    for line, region in zip(told, ("us", "eu"), strict=True):
        url, _, handle, _, password, *_ = line.split()
        assert url == urls[region]
        entered = await http.post(f"{url}/login", json={"handle": handle, "password": password})
        assert (entered.status_code, entered.json()["home_region"]) == (200, region)
        logs = [path for path in (Path(status.home) / "logs").rglob("*") if path.is_file()]
        assert logs
        assert not [path.name for path in logs if password in path.read_text(errors="replace")]
    assert (Path(status.home) / guests.FILE).stat().st_mode & 0o077 == 0
