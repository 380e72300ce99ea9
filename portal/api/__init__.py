"""The Management API over the same services as the pages. Apps above import `authentication` and `access` for theirs."""
