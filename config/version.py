"""The version of the product, as pages, backups and the OpenAPI document name it."""

VERSION = "0.1.0"
