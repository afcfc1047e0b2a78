"""How long something takes, in words."""

from __future__ import annotations

from pipeline.messages import say


def tell_duration(seconds: float) -> str:
    """`seconds` as people say them: 0.4 s, 50 s, 4 min, 2 h 10 min."""
    if seconds < 10:
        return say("{seconds} s", seconds=f"{seconds:.1f}")
    if seconds < 120:
        return say("{seconds} s", seconds=round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return say("{minutes} min", minutes=minutes)
    return say("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
