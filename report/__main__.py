"""`python -m report`: run from a project's folder."""

import sys

from report.cli import main

sys.exit(main())
