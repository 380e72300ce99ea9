"""`fireside`: the Management API on the command line. It imports nothing of the server: what it knows, it asks for."""

VERSION = "0.1.0"
