"""The picture of a case: rates, latency, memory and queues over time, with the fault drawn over all of them."""

from pathlib import Path

from chaos.pressure.figures import Figures

MOST_PARTS = 9


def draw(figures: Figures, path: Path) -> None:
    """Write the picture as PNG."""
    import matplotlib as mpl  # noqa: PLC0415  # a second of CPU, which only this needs, not every `causeway` command

    mpl.use("Agg")  # no screen is needed
    from matplotlib import pyplot as plt  # noqa: PLC0415  # after the choice of its back end

    figure, (rates, latencies, memory, queues) = plt.subplots(4, figsize=(11, 13), sharex=True, layout="constrained")
    at = [second.at for second in figures.seconds]
    for name, colour, label in (
        ("sent", "tab:gray", "due"),
        ("acked", "tab:blue", "accepted"),
        ("shown", "tab:green", "shown"),
        ("refused", "tab:red", "posts that were answered by an error"),
    ):
        rates.plot(at, [getattr(second, name) for second in figures.seconds], color=colour, linewidth=1.2, label=label)
    rates.set(ylabel="messages a second", yscale="symlog", ylim=(0, None))
    for name, style, colour, label in (
        ("ack", "-", "tab:blue", "until accepted, median"),
        ("screen", "-", "tab:green", "until shown, median"),
        ("slowest", ":", "tab:green", "until shown, slowest"),
    ):
        latencies.plot(
            at, [getattr(second, name) for second in figures.seconds], style, color=colour, linewidth=1.2, label=label
        )
    latencies.set(ylabel="ms, by when it was due", yscale="log")
    largest = sorted(figures.memory, key=lambda part: -(figures.memory[part].peak - figures.memory[part].before))
    for part in largest[:MOST_PARTS]:
        one = figures.memory[part]
        memory.plot(
            *zip(*one.samples, strict=True), linewidth=1.2, label=f"{part}: at most {one.peak:.0f} of {one.bound:.0f}"
        )
    memory.set(ylabel="memory, MB", ylim=(0, None))
    for name, held in figures.queues.items():
        if any(value for _, value in held):
            queues.plot(*zip(*held, strict=True), linewidth=1.2, label=name.removeprefix("causeway_"))
    queues.set(ylabel="queues, in their own units", yscale="symlog", ylim=(0, None), xlabel="seconds")
    for axes in (rates, latencies, memory, queues):
        for span in figures.spans:
            axes.axvspan(span.begun, span.ended, color="tab:red", alpha=0.15, linewidth=0)
        axes.grid(visible=True, alpha=0.2)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    figure.suptitle(f"{figures.case}: {figures.told}", fontsize="medium", wrap=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)
