"""Restarts the services of a running federation one after another, as the same version or the next one: `causeway local roll`.

Readers before writers: a projector reads what gateways and ingesters write, so it is rolled before them. Regions never at once.
"""

import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from infra.local import control
from infra.local.control import Act, Ask, RefusedError
from infra.local.errors import LocalError
from infra.local.parts import Part
from infra.local.topology import Topology

ORDER: Final = (
    "directory",
    "projector",
    "ingester",
    "fanout",
    "forwarder",
    "media",
    "standby",
    "takeover",
    "gateway",
    "edge",
)
"""In which services are rolled; a process goes by the first of its services."""

LAG_RECORDS: Final = 200.0
"""A projector under traffic is never at the very end; from there it is a moment."""

FRESH: Final[Mapping[str, str]] = {
    "fanout": "causeway_fanout_caught_up_timestamp_seconds",
    "forwarder": "causeway_forwarder_drained_timestamp_seconds",
}
"""By service: when nothing was left for it to do."""
STANDS_BY: Final = "causeway_turn_stands_by"
"""Whether a service waits for its turn; see `replication.turns`."""

POLL_SECONDS: Final = 0.2
Tell = Callable[[str], None]


class NotRolledError(LocalError):
    """{part} is not well as {version}: {reason} Rolled before it: {done}; nothing after it was touched. Put that right and roll again, or go back with `causeway local roll --back`. Its log: `causeway local logs {part}`."""

    code = "not-rolled"


class NoVersionError(LocalError):
    """There is no version to roll to in {path}: name a checkout of Causeway in which `./causeway` was run once, or a Python file that runs services."""

    code = "no-version"


def check_version(path: Path) -> str:
    """Return a version's path as the supervisor takes it.

    Raises:
        NoVersionError: It is neither a file nor a checkout with its own environment.
    """
    if not path.is_file() and not (path / ".causeway" / "venv" / "bin" / "python").exists():
        raise NoVersionError(path=path)
    return str(path.absolute())


def plan(parts: Iterable[Part], places: Iterable[str]) -> list[str]:
    """Return the parts to roll, in order: place by place, readers before writers.

    Args:
        parts: All parts.
        places: Which regions, and `directory`, in which order.
    """
    order = list(places)
    chosen = [part for part in parts if part.kind == "service" and _place(part) in order]
    return [part.name for part in sorted(chosen, key=lambda part: (order.index(_place(part)), _rank(part)))]


def behind(services: Iterable[str], metrics: str, since: float) -> str:
    """Return what a process that has started has still to catch up with; nothing if it has caught up, or if what it runs stands by.

    Args:
        services: That it runs.
        metrics: Its metrics page.
        since: When it was started, seconds since the epoch.
    """
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 — what no other command needs

    values: dict[str, list[float]] = {}
    idle: set[str] = set()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            values.setdefault(sample.name, []).append(sample.value)
            if sample.name == STANDS_BY and sample.value:
                idle.add(sample.labels["service"])
    services = [service for service in services if service not in idle]
    lag: float = sum(values.get("causeway_projector_lag_records", []))
    if "projector" in services and lag > LAG_RECORDS:
        return f"{lag:,.0f} records of the journal wait."
    if "projector" in services and any(values.get("causeway_projector_waiting_partitions", [])):
        return "a partition waits for a newer version."
    for service, metric in FRESH.items():
        if service in services and min(values.get(metric, [since])) < since:
            return f"its {service} has not come to the end of what there is."
    return ""


def roll(topology: Topology, names: list[str], *, build: str | None, patience: float, tell: Tell) -> None:
    """Restart parts one after another, each once the one before is well and has caught up.

    Args:
        topology: Of the federation, which runs.
        names: The parts, in order.
        build: As which version, as `check_version` returns it; empty for the one that the federation was brought up as, None for the
            one that each runs as.
        patience: How long a part may take to be well and to catch up, seconds.
        tell: Told of each part that was rolled.

    Raises:
        NotRolledError: A part is not well; those after it were not touched.
    """
    version = build or "the version that it was"
    for number, name in enumerate(names, start=1):
        began, stopped_at = time.monotonic(), time.time()
        reason = _restart(topology, name, build, patience)
        while not reason and (waits := _waits(topology.parts[name], stopped_at)):
            if time.monotonic() - began > patience:
                reason = waits
            time.sleep(POLL_SECONDS)
        if reason:
            done = ", ".join(names[: number - 1]) or "nothing"
            raise NotRolledError(part=name, version=version, reason=reason, done=done)
        tell(f"{number:>3} of {len(names)}  {name} is well and has caught up after {time.monotonic() - began:.1f} s")


def _place(part: Part) -> str:
    return part.region or part.name


def _rank(part: Part) -> int:
    return min((ORDER.index(service) for service in part.services), default=len(ORDER))


def _restart(topology: Topology, name: str, build: str | None, patience: float) -> str:
    """Restart a part; return why it is not well, if so."""
    home = Path(topology.federation.home)
    try:
        control.ask(home, Act("restart", (name,), wait=patience, build=build), patience=patience + 30)
    except RefusedError as refusal:
        return control.ask(home, Ask()).parts()[name].reason or str(refusal)
    return ""


def _waits(part: Part, since: float) -> str:
    url = f"http://127.0.0.1:{part.ports['admin']}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return behind(part.services, page.read().decode(), since)
    except OSError as error:
        return f"its metrics cannot be read ({error})."
