"""A loopback-only OIDC issuer where one click signs in as a made-up person."""
