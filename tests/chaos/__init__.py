"""Attacks on the spine: each fault alone and seeded mixtures, on the real parts, judged by the four ledgers."""
