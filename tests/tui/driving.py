"""Running the app in a test: press keys, wait until it has done what they ask for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tui.app import HandfulApp

Story = Callable[[HandfulApp, Pilot[None]], Awaitable[None]]


def run(app: HandfulApp, story: Story, size: tuple[int, int] = (80, 24)) -> None:
    """Play a story on a screen of this size."""

    async def play() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            await story(app, pilot)

    asyncio.run(play())


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str = "it", seconds: float = 5.0) -> None:
    """Wait for something that happens in a thread or at the next look."""
    for _turn in range(int(seconds / 0.02)):
        if holds():
            return
        await pilot.pause(0.02)
    pytest.fail(f"waited in vain for {what}")
