"""What is said of a head that learns from texts without a label."""

from core.project import Project
from core.store import models
from tui import told


def test_status_says_how_the_head_draws_on_the_pool(project: Project) -> None:
    with project.open() as con:
        assert told.drawing(con) == ""
        for way, words in (("propagated", "labels flow"), ("self-trained", "surest answers"), ("", "")):
            models.add_ranking(con, f"of-{way}", 1, {"recipe": {"c": 10.0, "unlabelled": way}})
            assert words in told.drawing(con)
            assert bool(told.drawing(con)) == bool(way)
