"""A gateway dies, and its devices come back at once."""

from pathlib import Path

from chaos.federation import Federation


async def test_all_devices_are_served_again_after_a_gateways_death(whole: Federation, tmp_path: Path) -> None:
    """Each is welcomed, and told live what is written then; how soon is measured elsewhere, on a machine of its own."""
    told = await whole.act(
        "bench", "storm", "--devices", "60", "--users", "6", "--within", "120", "--out", str(tmp_path)
    )

    assert "60 of 60 devices of 6 users were welcomed again" in told
    assert "120 of 120 showings before, 120 of 120 afterwards" in told
    for name in ("storm.json", "storm.png"):
        assert name in told
