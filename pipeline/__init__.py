"""Photos of a scale and their boxes in, a measured digit reader out."""
