"""Operators of a local federation: its own, others with less to say, and what all of them did."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chaos.federation import CommandError, Federation

PASSWORD = "a good password"


def typing(federation: Federation, session: Path, typed: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody with a session file of their own, who types a line."""
    home = federation.status().home
    return subprocess.run(
        [str(Path(sys.executable).with_name("causeway")), *words],
        env={**os.environ, "CAUSEWAY_HOME": home, "CAUSEWAY_OPERATOR_SESSION": str(session)},
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def audit(federation: Federation, *options: str) -> list[dict[str, Any]]:
    """Return the trace as a script is told it."""
    found = json.loads(await federation.act("audit", "list", "--json", *options))["operations"]
    return [dict(one) for one in found]


async def test_operators_log_in_and_leave_traces(whole: Federation, tmp_path: Path) -> None:
    """The federation's own is an admin without a password; who logs in as somebody with less is refused more, by the directory; all of it is written down."""
    with pytest.raises(CommandError, match="--why"):
        await whole.act("region", "expel", "ap")
    with pytest.raises(CommandError, match="--confirm ap"):
        await whole.act("region", "expel", "ap", "--why", "a test")
    assert "ap: expelled" not in await whole.act("region", "list")
    (unsure, mute) = (await audit(whole, "--verb", "expel", "--target", "ap", "--result", "refused"))[:2]
    assert [(one["who"], one["role"], one["why"]) for one in (unsure, mute)] == [
        ("local", "admin", "a test"),
        ("local", "admin", ""),
    ]

    file = tmp_path / "vera"
    made = await asyncio.to_thread(
        typing, whole, tmp_path / "none", PASSWORD, "operator", "add", "vera", "--role", "viewer"
    )
    assert made.returncode == 0, made.stderr
    try:
        wrong = await asyncio.to_thread(typing, whole, file, "a wrong password", "operator", "login", "vera")
        assert (wrong.returncode, file.exists()) == (1, False), wrong
        login = await asyncio.to_thread(typing, whole, file, PASSWORD, "operator", "login", "vera")
        assert login.returncode == 0, login.stderr
        assert file.stat().st_mode & 0o777 == 0o600
        expel = ("region", "expel", "ap", "--why", "a test", "--confirm", "ap")
        refused = await asyncio.to_thread(typing, whole, file, "", *expel)
        assert (refused.returncode, "needs the role admin" in refused.stderr) == (1, True), refused
        listed = await asyncio.to_thread(typing, whole, file, "", "audit", "list", "--who", "vera", "--since", "1h")
        assert "refused" in listed.stdout, listed
        assert PASSWORD not in "".join(one.stdout + one.stderr for one in (made, login, refused, listed))
        out = await asyncio.to_thread(typing, whole, file, "", "operator", "logout")
        assert (out.returncode, file.exists()) == (0, False), out
    finally:
        await whole.act("operator", "remove", "vera")
    assert "vera" not in await whole.act("operator", "list")
    kept = [(one["verb"], one["result"]) for one in await audit(whole, "--who", "vera")]
    assert kept[:3] == [("operator-logout", "done"), ("expel", "refused"), ("operator-login", "done")]
