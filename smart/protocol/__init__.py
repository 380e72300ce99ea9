"""OAuth 2.0 as the standards write it, on oauthlib's endpoints and grants (docs/adr/0006).

`server.py` puts the endpoints together for one issuer; `validator.py` answers oauthlib's questions from our models;
`client_authentication.py` recognises applications; `redemption.py` spends codes and refresh tokens.
"""
