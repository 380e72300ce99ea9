"""A change that the rules do not allow; the message is written for the person who asked."""


class Refused(Exception):
    """Shown on the page as it is."""
