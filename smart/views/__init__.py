"""The pages and endpoints under /auth/<Deployment ID>/, and the OAuth tab of a deployment."""
