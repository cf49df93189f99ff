"""How a federation is, put together for other terminals and scripts; also for one that is down."""

import os
from collections.abc import Mapping

from infra.local.control import LinkStatus, PartStatus, RegionStatus, Status
from infra.local.link import Shape
from infra.local.linkproxy import direction
from infra.local.parts import Part
from infra.local.process import Identity
from infra.local.state import Condition
from infra.local.topology import Topology

How = Mapping[str, tuple[Condition, int | None]]


def report(topology: Topology, how: How, shapes: Mapping[str, Shape], *, stopping: bool) -> Status:
    """Tell how a running federation is.

    Args:
        topology: Its parts.
        how: Each part's condition and process id.
        shapes: Directions of links that are not transparent.
        stopping: Whether it is being stopped.
    """
    return _status(
        topology, how, shapes, overall([condition for condition, _ in how.values()], stopping=stopping), os.getpid()
    )


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
