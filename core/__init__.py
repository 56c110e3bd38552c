"""Handful's engine: data, picking, training, evaluation and the background worker; it knows no terminal."""

__version__ = "0.1.0"
