"""What a drill came to: everything that its report tells."""

import msgspec

from chaos.bench.measure import Machine
from chaos.drill.figures import Figures
from chaos.drill.moves import Decision, Move
from chaos.drill.schedule import Fault
from chaos.judge.judgement import Judgement


class Report(msgspec.Struct, frozen=True):
    """A drill.

    Attributes:
        name: Which drill.
        seed: What workload and faults follow from.
        rate: Messages a second that were due.
        minutes: How long the traffic was to flow.
        planned: How many faults were planned.
        began_at: RFC 3339.
        machine: What it ran on.
        offline: How often a device lost its connection.
        share: How much of one core the drill itself took while the traffic flowed.
        judgement: The verdict, and each checker's ruling.
        figures: In numbers.
        hold: How long each fault was to last, where that is settable, seconds.
        leeway: How many times as long whatever must hold soon might take.
        plan: The faults as they were planned.
        struck: What the plan touches at most, in words.
        stopped: Why the drill stopped by itself before its end; empty if it did not.
        regions: Those that there were.
        standbys: Region to the one that stood by.
        moves: Each handing over of a region's duties.
        decisions: What was decided meanwhile, and what regions said of their leases.
    """

    name: str
    seed: int
    rate: float
    minutes: float
    planned: int
    began_at: str
    machine: Machine
    offline: int
    share: float
    judgement: Judgement
    figures: Figures
    hold: float = 0.0
    leeway: float = 1.0
    plan: tuple[Fault, ...] = ()
    struck: str = ""
    stopped: str = ""
    regions: tuple[str, ...] = ()
    standbys: dict[str, str] = {}
    moves: tuple[Move, ...] = ()
    decisions: tuple[Decision, ...] = ()
