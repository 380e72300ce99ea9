"""How large a request may be. Each error names the limit that it met."""

from typing import Final

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
MAX_ELEMENTS: Final = 2_000_000
MAX_BUNDLE_ENTRIES: Final = 5_000
MAX_HISTORY_COUNT: Final = 1_000
DEFAULT_HISTORY_COUNT: Final = 50
MAX_CONDITIONAL_DELETES: Final = 1_000
GZIP_FROM_BYTES: Final = 1_400
WRITE_ATTEMPTS: Final = 8
