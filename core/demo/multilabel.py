"""The demo of sets of labels: what else is true of a message."""

from core.demo import TAGS, DemoTask

DEMO = DemoTask(TAGS, lambda item: list(item.tags), "handful-demo-tags")
