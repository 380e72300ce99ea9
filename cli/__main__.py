"""`python -m cli`, the same as `fireside`."""

import sys

from cli.main import main

sys.exit(main())
