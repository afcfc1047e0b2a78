"""Draws photos of seven-segment displays with their Pascal VOC boxes."""
