"""Figures and pictures of how well the digits are read."""
