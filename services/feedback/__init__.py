"""Feedback both ways in a pair: who is asked, who answered, and when each reads the other; never for anyone else."""
