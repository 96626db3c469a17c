"""Pairs of a mentor and a mentee, places and caps; refuses more pairs than there are places."""
