"""Widgets that several screens use; each knows its own task and nothing of the screens."""
