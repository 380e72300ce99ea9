"""Pages of API Development."""
