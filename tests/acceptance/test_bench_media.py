"""`causeway bench media` with a small file: it goes up and down for a traveller, though the way is cut."""

import re

from chaos.federation import Federation


def test_a_file_goes_up_and_down_whatever_is_cut(whole: Federation) -> None:
    """Every copy is the file, byte for byte; connections were broken off; no service grew by more than 64 MB."""
    told = whole.run("bench", "media", "--megabytes", "32", patience=240)

    assert re.search(r"^[23] cuts broke off \d+ connections; the checksum is right, in every copy", told, re.MULTILINE)
    assert "NOT SO" not in told
