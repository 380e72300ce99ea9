"""OAuth applications and users of the integrated authorization server, in the Management API."""
