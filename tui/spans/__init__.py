"""Marking spans in a text by keys and mouse: what is done to the spans, where each character stands, how it is drawn.

Pure values without Textual; the widgets hold one of each and show it.
"""
