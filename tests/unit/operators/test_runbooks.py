"""What runbooks tell operators to type is what the commands take: at 3 a.m. nobody looks for an option that there is not."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from global_directory.operators.verbs import VERBS
from region.failover.cli import app

RUNBOOKS = Path(__file__).parents[3] / "docs/operations"
NAMED = ("evacuation", "failover", "incarnation", "backup")
COMMAND = re.compile(r"(?:^ {4,}|`)\./causeway region ([a-z-]+)([^`\n]*)", re.MULTILINE)
CHANGES_NOTHING = {"--rehearse", "--abort"}


def commands(runbook: str) -> list[tuple[str, list[str]]]:
    """Return the commands about regions that a runbook shows: each verb, and what follows it."""
    found = COMMAND.findall((RUNBOOKS / f"{runbook}.md").read_text())
    return [(verb, shlex.split(rest, comments=True)) for verb, rest in found]


@pytest.mark.parametrize("runbook", sorted(path.stem for path in RUNBOOKS.glob("*.md")))
def test_commands_have_the_options_that_runbooks_show(runbook: str) -> None:
    """Of all verbs of `causeway region`."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for verb, words in commands(runbook):
        known = {option for parameter in group.commands[verb].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, f"{runbook}: {verb}"


@pytest.mark.parametrize("runbook", NAMED)
def test_what_is_destructive_is_shown_with_its_reason_and_the_name_once_more(runbook: str) -> None:
    """Without a reason the directory refuses it; and whoever reads must not wonder why the name is asked for."""
    asked = [
        (verb, words)
        for verb, words in commands(runbook)
        if verb in VERBS and VERBS[verb].destructive and not CHANGES_NOTHING & set(words)
    ]
    assert asked
    assert all("--why" in words for _, words in asked if len(words) > 1), f"{runbook}: a reason is missing"
    assert "--confirm us" in (RUNBOOKS / f"{runbook}.md").read_text()
