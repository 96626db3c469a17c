"""Rates of the platform's hot paths beside bare library code doing the same work; run with `make bench`."""
