"""The demo of marked spans: who, where, when, how much, which product and which order a message is about."""

from core.demo import HERE, DemoTask, DemoText


def _gold(item: DemoText) -> list[dict[str, object]]:
    return [dict(span) for span in item.spans]


DEMO = DemoTask(HERE / "spans.toml", _gold, "handful-demo-spans")
