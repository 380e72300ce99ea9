"""How large a search may be. Each error names the limit that it met."""

from typing import Final

DEFAULT_COUNT: Final = 20
MAX_COUNT: Final = 1_000
MAX_VALUES: Final = 500
MAX_CRITERIA: Final = 50
MAX_TERMS: Final = 1_000
"""Values of all criteria together, each counted once for each step of its chain. A database plans a condition in memory: a thousand
criteria took sixteen gigabytes of it."""
MAX_PARAMETERS: Final = 1_000
MAX_QUERY_CHARACTERS: Final = 1_000_000
"""Of a query in a body; what may stand in an address is less."""
MAX_INCLUDES: Final = 50
MAX_CHAIN: Final = 5
MAX_CHAIN_BRANCHES: Final = 400
"""Types that all steps of a query's chains may lead to, taken together: a reference to any type leads to every one of them."""
MAX_INCLUDE_ROUNDS: Final = 10
MAX_INCLUDED: Final = 2_000
MAX_SORT: Final = 8
MAX_CODES: Final = 2_000
MAX_TEXT_TERMS: Final = 50
MAX_TEXT_DEPTH: Final = 20
MAX_FILTER_TERMS: Final = 100
MAX_FILTER_DEPTH: Final = 20
MAX_TEXT_BACKLOG: Final = 100_000
"""Resources whose words a search reads itself, when nothing has done so since they were written."""
