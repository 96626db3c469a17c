"""Institutions, people, agreements and rosters: who is who, and the only home of personal data."""
