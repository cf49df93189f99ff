"""What a case of pressure came to is counted by rules that can turn red."""

import math
from collections.abc import Sequence

from chaos.pressure.figures import Figures, Span, count
from chaos.pressure.posts import Answer
from chaos.pressure.recovery import Recovery, Wait
from chaos.pressure.sampling import Sample
from chaos.pressure.traffic import Fate

BEGAN = 1000.0


def counted(
    fates: Sequence[Fate] = (), answers: Sequence[Answer] = (), samples: Sequence[Sample] = (), *, until: float = 20.0
) -> Figures:
    """Count a case whose fault lasted from second 10 to `until`."""
    spans = [Span("us/postgres is down", 10.0, until)]
    return count("case", "told", began=BEGAN, spans=spans, fates=fates, answers=answers, samples=samples, notes={})


def test_what_was_accepted_and_never_shown_is_lost_and_out_of_bounds() -> None:
    """What was refused, or never accepted, is not."""
    figures = counted(
        [
            Fate("local", BEGAN + 1, acked=BEGAN + 1.1, shown=BEGAN + 1.2),
            Fate("local", BEGAN + 2, acked=BEGAN + 2.1),
            Fate("local", BEGAN + 3, refused="blocked"),
            Fate("local", BEGAN + 4),
        ]
    )

    assert (figures.sent, figures.accepted, figures.shown, figures.lost) == (4, 2, 1, 1)
    assert figures.refused == {"blocked": 1}
    assert figures.beyond == ["1 accepted messages were never shown"]


def test_recovery_lasts_until_the_last_message_of_the_fault_was_shown() -> None:
    """What was due after it does not count, nor what was shown before it ended."""
    late = Fate("local", BEGAN + 12, acked=BEGAN + 13, shown=BEGAN + 25)
    later = Fate("local", BEGAN + 21, acked=BEGAN + 22, shown=BEGAN + 40)

    assert counted([late, later]).recovered == 5.0
    assert math.isnan(counted([later]).recovered)


def test_memory_above_its_bound_is_out_of_bounds() -> None:
    """Each part has one, brokers of several and databases of the directory too."""
    held = {"us/front": 900_000_000, "us/kafka-2": 300_000_000, "directory-postgres": 40_000_000}
    figures = counted(samples=[Sample(BEGAN + 1, held, {}), Sample(BEGAN + 2, held, {})])

    assert figures.beyond == ["us/front held 900 MB, bound 400"]
    assert figures.memory["us/kafka-2"].bound == 750
    assert figures.memory["directory-postgres"].bound == 600


def test_a_request_that_was_never_answered_is_out_of_bounds() -> None:
    """Whatever is away, the answer says so; a connection that was refused said so as well."""
    figures = counted(
        answers=[Answer(BEGAN + 2, 20, 0, "TimeoutError"), Answer(BEGAN + 3, 0.1, 0, "ClientConnectorError")]
    )

    assert figures.beyond == ["1 requests got no answer within 20 s"]


def test_seconds_tell_what_was_due_and_what_came_in_each() -> None:
    """Latency belongs to the second in which a message was due."""
    figures = counted(
        [Fate("local", BEGAN + 1.5, acked=BEGAN + 3.5, shown=BEGAN + 4.5)],
        [Answer(BEGAN + 2, 0.1, 503, "busy", definite=True, retry_after=True)],
    )

    assert [(s.sent, s.acked, s.shown, s.refused) for s in figures.seconds] == [
        (0, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (0, 1, 0, 0), (0, 0, 1, 0),
    ]  # fmt: skip
    assert figures.seconds[1].ack == 2000
    assert figures.posts == {"503 busy, definite, with Retry-After": 1}


def test_what_clients_waited_beyond_a_restart_is_never_less_than_nothing() -> None:
    """A restart that nobody waited for costs nothing."""
    recovery = Recovery("us/kafka", "kill", 0.7, 4.0, {"local": Wait(ack=6.5, screen=3.0)}, lost=0, refused=0)

    assert recovery.beyond("local", "ack") == 2.5
    assert recovery.beyond("local", "screen") == 0
    assert math.isnan(recovery.beyond("cross", "ack"))
