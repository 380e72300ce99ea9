"""The deployments' part of the Management API. Apps above load a deployment for a call with `access.deployment_for`."""
