"""The demo of one class a text: what the person wants done."""

from core.demo import CLASSES, DemoTask

DEMO = DemoTask(CLASSES, lambda item: item.intent, "handful-demo")
