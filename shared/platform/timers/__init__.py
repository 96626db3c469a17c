"""Clock in: what shall happen later, written with the change that wants it; a timer never fires early."""

from shared.platform.timers.schedule import Timer, Timers, cancel, schedule

__all__ = ["Timer", "Timers", "cancel", "schedule"]
