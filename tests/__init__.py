"""Tests, sorted by what they cost: unit, contract, integration, e2e, chaos, bench."""
