"""The same request in the languages people paste it into. A secret is always a variable, never its value."""
