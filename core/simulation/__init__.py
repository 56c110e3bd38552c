"""Simulation: the product's own loop on texts whose answers are known, to see how few labels do.

Nothing here picks, learns or evaluates; it drives what a person drives (`core.queue`, `core.deciding`, the refresh, the
job kinds) and looks at held-out texts from outside. Nothing else of the core knows that it is there.
"""
