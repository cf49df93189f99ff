"""What a process knows of its region's lease, and how the region stands by that: `replication.holding` with a clock.

Each process has a lease of its own: what one of them is granted is promised to the region, so whoever has one may decide, and the
others find out for themselves.
"""

from collections.abc import Callable
from dataclasses import replace

from infra.errors import OutcomeUnknownError, SettingsError
from infra.settings import RegionalSettings
from region.holding.clock import boot, boottime
from region.holding.errors import DeposedError, IslandedError
from replication.holding.deciding import Answer, Kind, Standing, answer, may_begin, standing
from replication.holding.lease import USUAL, Ask, Lease, take


class Tenure:
    """A region's duties, as one process knows that they are held.

    Attributes:
        region: Whose duties they are.
        holder: At whose site they are held, as far as this process is concerned: its own.
        standby: Who may take over; empty for nobody.
        epoch: In which they are held; 0 until the store has told.
        incarnation: Of the store.
    """

    def __init__(
        self,
        region: str,
        standby: str = "",
        *,
        holder: str = "",
        clock: Callable[[], int] = boottime,
        boot: int | None = None,
    ) -> None:
        """Begin without a lease.

        Args:
            region: This one.
            standby: Who may take over.
            holder: Who holds; the region itself if it is not given.
            clock: Microseconds, as of CLOCK_BOOTTIME.
            boot: Which run of it; that of this machine if it is not given.
        """
        self.region = region
        self.holder = holder or region
        self.standby = standby
        self.epoch = self.incarnation = 0
        self._clock = clock
        self._boot = boot
        self._terms = USUAL
        self._fence = 0
        self._laid_down: int | None = None
        self._lease: Lease | None = None

    @classmethod
    def of(cls, settings: RegionalSettings) -> "Tenure":
        """Return that of a process with these settings.

        Raises:
            SettingsError: The standby is no other region.
        """
        able = sorted({settings.region, *settings.others} - {settings.here})
        if settings.standby and settings.standby not in able:
            known = ", ".join(able) or "there is none"
            raise SettingsError(problems=f"CAUSEWAY_STANDBY: name one of the other regions ({known}), or nobody")
        return cls(settings.region, settings.standby, holder=settings.here)

    def begin(self, epoch: int, incarnation: int) -> None:
        """Take over what the store says of itself."""
        self.epoch, self.incarnation = epoch, incarnation

    @property
    def length(self) -> int:
        """How long a lease lasts, as far as is known, microseconds."""
        return self._terms.length

    def ask(self) -> Ask:
        """Return what is to be asked for; to be called right before asking."""
        return Ask(self.holder, self.epoch, self._run, self._clock())

    def take(self, granted: Ask, length: int) -> None:
        """Note a grant, which may be late or come again; it counts from when it was asked for.

        Args:
            granted: The request that was granted.
            length: For how long, microseconds: who grants says so, and waits for as long.
        """
        self._terms = replace(self._terms, length=length)
        self._lease = take(self._lease, granted, self.epoch, self._run, self._terms)

    def hear(self, epoch: int) -> None:
        """Note that an epoch is known to somebody."""
        self._fence = max(self._fence, epoch)

    def lay_down(self, epoch: int) -> None:
        """Note that the lease of an epoch was laid down, which is for good."""
        self._laid_down = epoch

    @property
    def newest(self) -> int:
        """The newest epoch that is known."""
        return max(self._fence, self.epoch)

    def standing(self) -> Standing:
        """Return how the region stands, now.

        Where nobody can take over, no other holder is possible whose decision this one's could contradict: so the holder renews by itself.
        """
        if not self.standby:
            self.take(self.ask(), self.length)
        laid_down = self._laid_down == self.epoch
        return standing(self._lease, self.epoch, self._fence, self._run, self._clock(), laid_down=laid_down)

    @property
    def left(self) -> int:
        """How long it still holds, microseconds; 0 if it does not."""
        if self.standing() is not Standing.HOLDING or self._lease is None:
            return 0
        return max(0, self._lease.until - self._clock())

    def check(self, kind: Kind) -> None:
        """Refuse what may not begin now.

        Raises:
            DeposedError: The duties are held in a newer epoch.
            IslandedError: It lets somebody in, and nobody knows that the region still holds its duties.
        """
        standing = self.standing()
        if standing is Standing.DEPOSED:
            raise DeposedError(region=self.region, epoch=self.epoch, newer=self.newest)
        if not may_begin(kind, standing):
            raise IslandedError

    def tell(self, kind: Kind, what: str, *, epoch: int | None = None, **details: object) -> bool:
        """Return whether what was decided is unconfirmed: it works here, and whether it stays in its place is not known yet.

        To be called when it is answered, which is after the commit: a lease that runs then ran at the commit, in the same epoch.

        Args:
            kind: What sort of decision it was.
            what: What it was about, for people.
            epoch: In which it was decided, where that is known; a lease says nothing of another one.
            details: What is told besides if it is not known.

        Raises:
            OutcomeUnknownError: It lets somebody in, and the lease does not run now, or is of another epoch.
        """
        now = self.standing() if epoch in {None, self.epoch} else Standing.ISLANDED
        told = answer(kind, Standing.HOLDING, now)  # that it was permitted, the projector has seen to
        if told is Answer.UNKNOWN:
            raise OutcomeUnknownError(what=what, **details)
        return told is Answer.UNCONFIRMED

    @property
    def _run(self) -> int:
        return boot() if self._boot is None else self._boot
