"""Measurements of quality and speed; the figures stand in README.md beside this file."""
