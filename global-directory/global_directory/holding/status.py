"""Who holds what, put together for an operator: what the directory says, and what regions say of themselves at their admin ports."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import httpx
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from global_directory.holding.copies import Copied
from global_directory.holding.schemas import DutyView, ProposalView
from infra.tls import public

LEFT, ISLANDED, DEPOSED = "causeway_lease_left_seconds", "causeway_lease_islanded", "causeway_lease_deposed"
ASK_SECONDS = 2.0


class Told(msgspec.Struct, frozen=True):
    """What a region's processes say.

    Attributes:
        left: For how long the one that knows least knows that the region holds its duties, seconds.
        islanded: Whether one of them lets nobody in.
        deposed: Whether one of them knows that the duties are held in a newer epoch, so that nothing is decided there.
    """

    left: float
    islanded: bool
    deposed: bool = False


class Standing(msgspec.Struct, frozen=True):
    """How a region stands.

    Attributes:
        region: Whose duties they are.
        holder: Who has them; None, as the three that follow, while the directory does not tell.
        epoch: Since when.
        incarnation: Of the holder's store.
        standby: Who may take over; empty for nobody.
        promised_seconds: For how long nobody else acts as holder, on the directory's clock.
        lease_seconds: For how long the region's own processes know that it holds; None if none of them tells.
        islanded: Whether it lets nobody in; None if none of its processes tells.
        deposed: Whether its duties are held in a newer epoch than its own; None likewise.
        copy: How far the standby is with the copy of its store; None if nobody tells.
        taken_for_down: By whom it is taken for down, and for how long, so that its standby should take over; None if it is not, or nobody tells.
    """

    region: str
    holder: str | None
    epoch: int | None
    incarnation: int | None
    standby: str | None
    promised_seconds: float | None
    lease_seconds: float | None
    islanded: bool | None
    deposed: bool | None
    copy: Copied | None = None
    taken_for_down: ProposalView | None = None

    @property
    def warning(self) -> str:
        """Say by whom it is taken for down; empty if it is not."""
        down = self.taken_for_down
        if down is None:
            return ""
        doubt = "" if down.holds else ", in doubt"
        said = f"{self.region} is taken for down by {' and '.join(down.witnesses)}, for {down.seconds:.0f} s{doubt}."
        return f"{said} Not taken over by itself: {down.hindrance}." if down.hindrance else said

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of words."""
        left = self.lease_seconds if self.lease_seconds is not None else self.promised_seconds
        words = {None: "?", True: "yes", False: "no"}
        return (
            self.region,
            "?" if self.holder is None else self.holder,
            "?" if self.epoch is None else str(self.epoch),
            "?" if left is None else f"{left:.1f} s",
            "?" if self.standby is None else self.standby or "nobody",
            "deposed" if self.deposed else words[self.islanded],
            ("" if self.standby == "" else "?") if self.copy is None else self.copy.words(),
        )


def standings(
    duties: Iterable[DutyView],
    told: Mapping[str, Told],
    copies: Mapping[str, Copied] | None = None,
    proposals: Iterable[ProposalView] = (),
) -> list[Standing]:
    """Put all together, sorted by region; each may know nothing of one."""
    down = {one.region: one for one in proposals}
    held, copied = {duty.region: duty for duty in duties}, copies or {}
    return [
        _standing(region, held.get(region), told.get(region), copied.get(region), down.get(region))
        for region in sorted({*held, *told, *copied})
    ]


def _standing(
    region: str, duty: DutyView | None, told: Told | None, copy: Copied | None, down: ProposalView | None
) -> Standing:
    return Standing(
        region=region,
        holder=None if duty is None else duty.holder,
        epoch=None if duty is None else duty.epoch,
        incarnation=None if duty is None else duty.incarnation,
        standby=None if duty is None else duty.standby,
        promised_seconds=None if duty is None else duty.promised_seconds,
        lease_seconds=None if told is None else told.left,
        islanded=None if told is None else told.islanded,
        deposed=None if told is None else told.deposed,
        copy=copy,
        taken_for_down=down,
    )


def read(pages: Iterable[str]) -> Told | None:
    """Return what `/metrics` pages of a region's processes say of its lease; None if none of them does."""
    samples = [sample for page in pages for family in text_string_to_metric_families(page) for sample in family.samples]
    left = [sample.value for sample in samples if sample.name == LEFT]
    islanded = [sample.value for sample in samples if sample.name == ISLANDED]
    deposed = [sample.value for sample in samples if sample.name == DEPOSED]
    return Told(min(left), any(islanded), any(deposed)) if left else None


async def read_pages(admins: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Ask regions' admin ports; return region to the pages of those that answer in time.

    Args:
        admins: Region to the URLs of its admin ports.
    """
    async with httpx.AsyncClient(verify=public(), timeout=ASK_SECONDS, trust_env=False) as client:
        urls = [(region, url) for region, known in admins.items() for url in known]
        pages = await asyncio.gather(*(_page(client, url) for _, url in urls))
    return {
        region: [page for (of, _), page in zip(urls, pages, strict=True) if of == region and page is not None]
        for region in admins
    }


def tell(pages: Mapping[str, Iterable[str]]) -> dict[str, Told]:
    """Return what each region says of its lease; whoever says nothing is left out."""
    said = {region: read(own) for region, own in pages.items()}
    return {region: one for region, one in said.items() if one is not None}


async def _page(client: httpx.AsyncClient, url: str) -> str | None:
    try:
        response = await client.get(f"{url}/metrics")
    except httpx.HTTPError:
        return None
    return response.text if response.is_success else None
