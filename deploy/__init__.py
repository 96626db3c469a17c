"""Runs Osler: the `osler` command, local parts and everything that starts a service."""
