"""The directory's rules: institutions, agreements, people, rosters and erasure; no I/O, `now` is an argument."""
