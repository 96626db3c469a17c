"""Meetings between the two of a pair: times offered, chosen, moved, held; knows no name, no agenda and no note."""
