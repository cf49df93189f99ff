"""How a federation is, put together for other terminals and scripts; also for one that is down."""

import os
from collections.abc import Mapping
from dataclasses import replace

from infra.local.control import LinkStatus, PartStatus, RegionStatus, Status
from infra.local.link import Shape
from infra.local.linkproxy import direction
from infra.local.parts import Part
from infra.local.process import Identity
from infra.local.state import Condition
from infra.local.topology import Topology

How = Mapping[str, tuple[Condition, int | None]]
OF_AN_ORIGIN = "from "
"""How what an ingester's health says of a region begins."""


def report(topology: Topology, how: How, shapes: Mapping[str, Shape], *, stopping: bool) -> Status:
    """Tell how a running federation is.

    Args:
        topology: Its parts.
        how: Each part's condition and process id.
        shapes: Directions of links that are not transparent.
        stopping: Whether it is being stopped.
    """
    told = {name: (_awaiting(topology, name, how), pid) for name, (_, pid) in how.items()}
    state = overall([condition for condition, _ in told.values()], stopping=stopping)
    return _status(topology, told, shapes, state, os.getpid())


def _awaiting(topology: Topology, name: str, how: How) -> Condition:
    """Tell of an ingester that nothing comes from other regions since its mirror only starts that it waits for that.

    Whatever else is wrong with it, or with what else its process does, makes it unhealthy all the same.
    """
    part, (condition, _) = topology.parts[name], how[name]
    mirror = f"{part.region}/mirror"
    if condition.phase != "unhealthy" or "ingester" not in part.services or mirror not in how:
        return condition
    phase = how[mirror][0].phase
    of_origins = all(complaint.startswith(OF_AN_ORIGIN) for complaint in condition.reason.split("; "))
    if phase not in {"waiting", "starting"} or not of_origins:
        return condition
    return replace(condition, phase="waiting", reason=f"it waits for {mirror}, which is {phase}: {condition.reason}")


def report_down(topology: Topology, orphans: Mapping[str, Identity]) -> Status:
    """Tell of a federation that is down what it would be, and of a supervisor that was killed what it left.

    Args:
        topology: Its parts.
        orphans: Processes that still run, by part.
    """
    left = Condition("orphaned")
    how: How = {name: (left, orphans[name].pid) if name in orphans else (Condition(), None) for name in topology.parts}
    return _status(topology, how, {}, "orphaned" if orphans else "down", None)


def overall(conditions: list[Condition], *, stopping: bool) -> str:
    """Sum conditions up in one word."""
    if stopping:
        return "stopping"
    phases = {condition.phase for condition in conditions}
    if phases == {"healthy"}:
        return "healthy"
    first_time = all(not condition.crashes for condition in conditions)
    return "starting" if phases <= {"healthy", "waiting", "starting", "down"} and first_time else "degraded"


def _status(
    topology: Topology,
    conditions: How,
    shapes: Mapping[str, Shape],
    state: str,
    pid: int | None,
) -> Status:
    parts = {name: _part(topology.parts[name], *conditions[name]) for name in topology.parts}
    directions = {direction(a, b) for p in topology.passages for a, b in ((p.source, p.target), (p.target, p.source))}
    return Status(
        state=state,
        home=topology.federation.home,
        supervisor=pid,
        regions={
            region: RegionStatus(
                topology.public_urls[region],
                {name.split("/")[1]: status for name, status in parts.items() if topology.parts[name].region == region},
            )
            for region in topology.federation.regions
        },
        federal={name: status for name, status in parts.items() if topology.parts[name].region is None},
        links={name: _link(shapes.get(name, Shape())) for name in sorted(directions)},
    )


def _part(part: Part, condition: Condition, pid: int | None) -> PartStatus:
    return PartStatus(
        condition.phase,
        pid,
        condition.since,
        condition.restarts,
        dict(part.ports),
        str(part.log),
        condition.reason,
        condition.crashes,
    )


def _link(shape: Shape) -> LinkStatus:
    return LinkStatus(shape.latency * 1000, shape.jitter * 1000, shape.bandwidth, shape.cut)
