"""Where encoders come from, one source a file; found through the entry-point group `handful.encoders`."""
