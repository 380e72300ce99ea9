"""What `make bench` runs: real HTTP against a freshly started product, on SQLite and on PostgreSQL."""
