"""The story as data and the hand on the clock, without a platform."""
