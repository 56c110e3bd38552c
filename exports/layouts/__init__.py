"""Bundles laid out for other servers: one file a layout, found by the entry-point group `handful.layouts`."""
