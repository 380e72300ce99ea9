"""One file for each type of search parameter: the values that it finds, as index rows."""
