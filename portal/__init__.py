"""Accounts, tenants, members and roles, services and subscriptions, audit, shell, navigation."""
