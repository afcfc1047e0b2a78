"""A page where a person goes through doubtful readings, and the figures of what was looked at."""
