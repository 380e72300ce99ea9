"""A search in plain words: "Male patients born after 1980, newest first, with their observations"."""
