"""The process that waits for a build: loads the engine and the results, reads a line, builds, ends."""

import sys

from report.build.place import in_words
from report.document.assemble import read_ahead
from report.errors import ColophonError
from report.preview.builder import build


def main(profile: str, document: str, jobs: str) -> int:
    """Build as soon as a line comes on the standard input; errors are printed to stderr."""
    read_ahead(profile)
    try:
        asked = sys.stdin.readline().strip()
        return build(profile, document, int(jobs), asked == "prose") if asked else 0
    except ColophonError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
