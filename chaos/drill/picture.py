"""The picture of a drill: messages a second and their latency over time, with the faults drawn over both."""

from collections.abc import Sequence
from io import BytesIO

from chaos.drill.figures import Figures
from chaos.drill.moves import Decision
from chaos.drill.schedule import Kind

COLOURS = {
    Kind.KILL: "tab:red",
    Kind.PAUSE: "tab:orange",
    Kind.RESTART: "tab:purple",
    Kind.CUT: "tab:brown",
    Kind.ONE_WAY: "tab:pink",
    Kind.LATENCY: "tab:cyan",
    Kind.JITTER: "tab:blue",
    Kind.BANDWIDTH: "tab:olive",
    Kind.WIPE: "tab:green",
    Kind.REPEAT: "gold",
    Kind.TRUNCATE: "crimson",
    Kind.DOUBLE: "magenta",
    Kind.FULL: "tab:gray",
    Kind.SPLIT: "saddlebrown",
    Kind.SLOW: "teal",
    Kind.FREEZE: "navy",
    Kind.DOWN: "black",
    Kind.LOSS: "dimgray",
    Kind.DEATH: "darkviolet",
    Kind.EVACUATE: "darkgreen",
    Kind.RETURN: "lime",
}
OBJECTIVE_MS = 300
MANY = 25
"""From so many faults on their numbers stand in three rows, so that one can read them."""


def draw(figures: Figures, decisions: Sequence[Decision] = (), *, dark: bool) -> str:
    """Return the picture as SVG, for a light or a dark page; what was decided meanwhile is drawn as a line."""
    import matplotlib as mpl  # noqa: PLC0415  # a second of CPU, which only this needs, not every `causeway` command

    mpl.use("Agg")  # no screen is needed
    from matplotlib import pyplot as plt  # noqa: PLC0415  # after the choice of its back end
    from matplotlib.patches import Patch  # noqa: PLC0415  # as above

    with plt.style.context("dark_background" if dark else "default"), mpl.rc_context({"svg.hashsalt": "drill"}):
        figure, (rates, latencies) = plt.subplots(2, figsize=(10, 6), sharex=True, layout="constrained")
        figure.patch.set_alpha(0.0)
        at = [second.at for second in figures.seconds]
        for name, colour in (("invoked", "tab:gray"), ("accepted", "tab:blue"), ("shown", "tab:green")):
            counts = [getattr(second, name) for second in figures.seconds]
            rates.plot(at, counts, color=colour, linewidth=1.2, label=name)
        for name, style, label in (
            ("ack", "-", "accepted, p50"),
            ("screen", "-", "on the screen, p50"),
            ("screen_p99", "--", "on the screen, p99"),
        ):
            colour = "tab:blue" if name == "ack" else "tab:green"
            values = [getattr(second, name) for second in figures.seconds]
            latencies.plot(at, values, style, color=colour, linewidth=1.0, label=label)
        latencies.axhline(OBJECTIVE_MS, color="tab:red", linewidth=0.8, label=f"objective: {OBJECTIVE_MS} ms")
        end = at[-1] if at else 0
        for axes in (rates, latencies):
            axes.patch.set_alpha(0.0)
            axes.grid(visible=True, alpha=0.2)
            for fault in figures.faults:
                axes.axvspan(fault.begun, fault.ended or end, color=COLOURS[Kind(fault.kind)], alpha=0.25, linewidth=0)
            for decision in decisions:
                axes.axvline(decision.at, color="tab:gray", linestyle=":", linewidth=0.8)
        rows = 1 if len(figures.faults) < MANY else 3
        for number, fault in enumerate(figures.faults):
            rates.annotate(
                fault.name.removeprefix("f"), ((fault.begun + (fault.ended or end)) / 2, 1.0),
                xycoords=("data", "axes fraction"), xytext=(0, 1 + 7 * (number % rows)), textcoords="offset points",
                ha="center", va="bottom", fontsize=6,
            )  # fmt: skip
        rates.set(ylabel="messages a second", ylim=(0, None))
        latencies.set(ylabel="ms from sending", yscale="log", xlabel="seconds")
        kinds = dict.fromkeys(Kind(fault.kind) for fault in figures.faults)
        patches = [Patch(color=COLOURS[kind], alpha=0.25, label=str(kind), linewidth=0) for kind in kinds]
        handles = [*rates.get_legend_handles_labels()[0], *patches]
        beside = {"fontsize": "x-small", "ncols": 9, "loc": "lower center", "frameon": False}
        rates.legend(handles=handles, bbox_to_anchor=(0.5, 1.02 + 0.05 * rows), **beside)
        latencies.legend(bbox_to_anchor=(0.5, 1.0), **beside)
        out = BytesIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
    return out.getvalue().decode()
