"""What is known to be wrong with the locked packages, as pip-audit is told by the package index: true, false, or not to be asked here."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

SECONDS: Final = 30.0
"""How long the index is asked; the audit must not hold up whoever works."""

IGNORED: Final[dict[str, str]] = {}
"""Advisories that do not concern us, each with the reason."""

_PROBE: Final = 1


class _Advisory(msgspec.Struct):
    id: str
    fix_versions: list[str] = []


class _Package(msgspec.Struct):
    name: str
    version: str = ""
    vulns: list[_Advisory] = []
    skip_reason: str = ""


class _Report(msgspec.Struct):
    dependencies: list[_Package]


@dataclass(frozen=True, slots=True)
class Audit:
    """What came out.

    Attributes:
        result: `unknown` when the index could not be asked about every package: that is no pass.
        words: What to tell a person.
    """

    result: Literal["passed", "failed", "unknown"]
    words: str


def audit(program: Path, lock: Path, *, directory: Path, seconds: float = SECONDS) -> Audit:
    """Ask about every package of a lock file, first about one alone: an index that knows no advisories is asked no more.

    Args:
        program: pip-audit.
        lock: The lock file.
        directory: For a passing file.
        seconds: How long to wait, twice at most.
    """
    packages = [line.split(" ")[0] for line in lock.read_text().splitlines() if "==" in line and line[:1].isalnum()]
    for asked in (packages[:_PROBE], packages):
        found = _ask(program, asked, directory=directory, seconds=seconds)
        if isinstance(found, str):
            return Audit("unknown", found)
        verdict = judge(found.dependencies, wanted=len(asked))
        if verdict.result != "passed":
            return verdict
    return verdict


def judge(packages: list[_Package], *, wanted: int) -> Audit:
    """Say what a report means.

    Args:
        packages: What was reported of each.
        wanted: How many were asked about.
    """
    bad = [
        f"{package.name} {package.version}: {advisory.id}, mended in {', '.join(advisory.fix_versions) or 'no version yet'}"
        for package in packages
        for advisory in package.vulns
        if advisory.id not in IGNORED
    ]
    if bad:
        return Audit("failed", "\n".join(bad))
    skipped = [package for package in packages if package.skip_reason]
    if skipped or len(packages) < wanted:
        why = skipped[0].skip_reason if skipped else "they are missing from its answer"
        return Audit(
            "unknown", f"the package index tells nothing of {len(skipped) or wanted - len(packages)} of {wanted}: {why}"
        )
    return Audit("passed", f"{wanted} packages, no known vulnerability")


def _ask(program: Path, packages: list[str], *, directory: Path, seconds: float) -> _Report | str:
    """Return pip-audit's report, or why there is none."""
    asked = directory / "audited.txt"
    asked.write_text("\n".join(packages))
    command = [
        str(program),
        "--requirement",
        str(asked),
        "--no-deps",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "--format",
        "json",
    ]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"the package index did not answer within {seconds:.0f} s"
    try:
        return msgspec.json.decode(done.stdout, type=_Report)
    except msgspec.DecodeError:
        return (done.stderr.strip() or "pip-audit said nothing").splitlines()[-1]
