"""The version after the next, for tests: as `next_version.py`, and it writes records of the codec's next version, which every region reads by then."""

import sys

from tests.builds.next_version import build, run

if __name__ == "__main__":
    build(writes_newer=True)
    sys.exit(run())
