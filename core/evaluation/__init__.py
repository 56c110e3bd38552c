"""Judging: counts per class, intervals, reports. Pure functions; counts are stored, ratios derived."""
