"""Search: parse, then conditions in index terms (ast), then the grant (rewrite), then SQL (compile)."""
