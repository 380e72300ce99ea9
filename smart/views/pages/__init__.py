"""The OAuth tab of a deployment, and the users of its authorization server: for members of its tenant."""
