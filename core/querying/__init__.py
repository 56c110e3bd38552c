"""Which text to ask next, and why. Pure functions, one idea a file, found through the group `handful.strategies`."""
