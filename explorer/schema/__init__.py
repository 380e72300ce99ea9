"""The schema tree of a resource or datatype, as rows a page can show."""
