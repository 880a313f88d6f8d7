"""What a size is for unless its user says otherwise: for `size`, and for the page of a result."""

BURST_HEADROOM = 2.5
"""The sizing guide's factor from average to peak."""
RETURN_DAYS = 100.0
"""The peak of a day exceeds the target once in so many days."""
START_WITHIN_SECONDS = 60.0
"""Until the last run of a burst shall have started."""
TICKS = 1
"""Sensors and schedules that are evaluated at once."""
MEMORY_HEADROOM = 0.05
"""Share of memory to keep free, for what the constants do not know."""
MOST_RUNS = 500
"""More runs in a burst no scenario may ask for."""
