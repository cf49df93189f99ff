"""How long requests waited while parts were killed that others stand in for: as a chapter of the page, as curves, and in words."""

import math
from collections.abc import Sequence
from html import escape
from io import BytesIO

from chaos.drill.budget import BUDGET_SECONDS, LIMIT_MS, OBJECTIVE
from chaos.drill.scenarios import PROMPT_SECONDS
from chaos.judge.waits import BEFORE, BOUNDS, Wait

USUAL_SECONDS = LIMIT_MS / 1000
COLUMNS = (
    "killed", "kills", "requests", f"served within {USUAL_SECONDS:g} s", f"answered within {USUAL_SECONDS:g} s", "budget used", f"not within {PROMPT_SECONDS:g} s",
    "p50", "p99", "p99.9", "longest", "longest answer", "back after",
)  # fmt: skip
NOTE = (
    "A request is a send, or a change of a group, a channel or a message; it counts from when its author began it, with all that the client library repeats. "
    f"Answered: accepted, or refused. Served: also shown to all whom it concerns. Each is put down to the part that was killed last before it began, or to the next one if that was killed within {USUAL_SECONDS:g} s, while it was under way. "
    f"Budget used: the share that was not served within {USUAL_SECONDS:g} s, times how long that was, of the {BUDGET_SECONDS:.0f} s a month for which everything may fail under {OBJECTIVE:.2%}. "
    f"“{BEFORE}” is what came before the first kill, which says what is usual here; it is not among all. "
    "Back after: the longest until what was killed was well again, of a broker until no partition lacked a copy."
)


def cells(wait: Wait) -> tuple[str, ...]:
    """Return what is told of one kind of part, column by column."""
    lost = wait.seconds * (1 - wait.soon / wait.requests) if wait.requests else 0.0
    return (
        wait.of,
        f"{wait.kills:,}",
        f"{wait.requests:,}",
        _share(wait.soon, wait.requests),
        _share(wait.answered, wait.requests),
        f"{lost:.2f} s: {lost / BUDGET_SECONDS:.1%}",
        f"{wait.late:,}",
        *map(_took, (wait.p50, wait.p99, wait.p999, wait.longest, wait.longest_answer)),
        _took(wait.back),
    )


def chapter(waits: Sequence[Wait], picture: str = "") -> str:
    """Return the chapter of a page; nothing where nothing of that was asked.

    Args:
        waits: Of all, then by kind of part.
        picture: Of the curves, as HTML.
    """
    if not waits:
        return ""
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(one)) + "</tr>" for one in waits)
    head = "".join(f"<th>{one}</th>" for one in COLUMNS)
    whole = waits[0]
    kept = whole.requests and whole.soon / whole.requests >= OBJECTIVE
    said = f"{_share(whole.soon, whole.requests)} were served within {USUAL_SECONDS:g} s, which {'keeps' if kept else 'misses'} {OBJECTIVE:.2%}."
    return (
        f"<h2>How long requests took, by what was killed</h2><p><b>{said}</b></p>"
        f'<p class="note">{NOTE}</p><div class="wide">{picture}</div>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def draw(waits: Sequence[Wait], *, dark: bool) -> str:
    """Return curves as SVG, for a light or a dark page: which share of requests took longer than how long, by kind of part."""
    import matplotlib as mpl  # noqa: PLC0415  # a second of CPU, which only this needs, not every `causeway` command

    mpl.use("Agg")  # no screen is needed
    from matplotlib import pyplot as plt  # noqa: PLC0415  # after the choice of its back end

    with plt.style.context("dark_background" if dark else "default"), mpl.rc_context({"svg.hashsalt": "drill"}):
        figure, axes = plt.subplots(figsize=(10, 3.5), layout="constrained")
        figure.patch.set_alpha(0.0)
        axes.patch.set_alpha(0.0)
        for wait in waits:
            shares = [longer / wait.requests if longer else math.nan for longer in wait.longer] if wait.requests else []
            axes.step(
                BOUNDS[: len(shares)], shares, where="post", linewidth=1.2, label=f"{wait.of} ({wait.requests:,})"
            )
        for at, what in ((USUAL_SECONDS, "tab:orange"), (PROMPT_SECONDS, "tab:red")):
            axes.axvline(at, color=what, linestyle=":", linewidth=0.8, label=f"{at:g} s")
        axes.axhline(
            1 - OBJECTIVE, color="tab:gray", linestyle=":", linewidth=0.8, label=f"{OBJECTIVE:.2%} are quicker"
        )
        axes.set(xscale="log", yscale="log", xlim=(BOUNDS[0], BOUNDS[-1]), ylim=(1e-6, 1.0))
        axes.set(xlabel="seconds from its beginning until served", ylabel="share that took longer")
        axes.grid(visible=True, alpha=0.2)
        axes.legend(fontsize="x-small", ncols=6, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
        out = BytesIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    return out.getvalue().decode()


def _share(some: int, of: int) -> str:
    """Write a share so that one of a million is seen to be missing."""
    return f"{some / of:.4%}" if of else "-"


def _took(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    if math.isinf(seconds):
        return "never"
    return f"{1000 * seconds:,.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
