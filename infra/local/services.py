"""The Python services: which share a process, and how one is started."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local.parts import Answers, Part

# By setting: process name to the services that it hosts, in the order of their admin ports.
PROCESSES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "default": {
        "front": ["edge", "gateway"],
        "projector": ["projector"],
        "fanout": ["fanout"],
        "forwarder": ["forwarder"],
        "ingester": ["ingester"],
        "media": ["media"],
    },
    "separate": {name: [name] for name in ("gateway", "edge", "projector", "fanout", "forwarder", "ingester", "media")},
    "paired": {"front": ["edge", "gateway"], "back": ["projector", "fanout", "forwarder", "ingester", "media"]},
    "together": {"services": ["edge", "gateway", "projector", "fanout", "forwarder", "ingester", "media"]},
    "none": {},
}


def command(python: Path, build: str) -> tuple[str, ...]:
    """Return what runs services, given their names.

    Args:
        python: The interpreter of this checkout.
        build: Another version: a checkout of its own, or a Python file; empty for this one.
    """
    if not build:
        return (str(python), "-m", "infra.serve")
    if Path(build).is_dir():
        return (str(Path(build) / ".causeway" / "venv" / "bin" / "python"), "-m", "infra.serve")
    return (str(python), build)


def service_part(
    name: str,
    services: Sequence[str],
    *,
    python: Path,
    directory: Path,
    log: Path,
    admin: int,
    env: Mapping[str, str],
    ports: Mapping[str, int],
    needs: frozenset[str],
    needs_one: tuple[tuple[str, ...], ...] = (),
    build: str = "",
) -> Part:
    """Describe a process of `infra.serve` that hosts services.

    Args:
        name: Of the part; services know it as their instance.
        services: Which services.
        python: The interpreter.
        directory: Its working directory.
        log: Where its output goes.
        admin: Port of `/health` and `/metrics`.
        env: The services' settings.
        ports: What else it listens on.
        needs: Parts that must be well before it starts.
        needs_one: Groups of which one part each must be.
        build: A Python file that is run instead of `infra.serve`; see `Federation`.
    """
    return Part(
        name,
        "service",
        (*command(python, build), *services),
        directory,
        log,
        Answers(admin),
        env=dict(env) | {"CAUSEWAY_INSTANCE": name, "CAUSEWAY_ADMIN_PORT": str(admin)},
        ports=dict(ports) | {"admin": admin},
        needs=needs,
        needs_one=needs_one,
        services=tuple(services),
    )
