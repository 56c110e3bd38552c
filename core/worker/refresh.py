"""What the worker does unasked: embed what is new, refit the head after labels, re-rank, start a round when it is due.

Called between the steps of a running job too, so that suggestions follow the labels while a round trains. Labels that
came during a refit are picked up by the next one: refits coalesce by themselves.
"""

import json
from itertools import takewhile

from core import snapshots
from core.connection import Connection
from core.errors import HandfulError
from core.project import Project
from core.publish import make_dir
from core.queue import QUEUE
from core.store import examples, jobs, labels, meta, models
from core.worker.log import logger
from core.worker.rule import round_is_due, wanted_key

MADE_ANEW = 5
"""How often the same features are made again because somebody removed them."""


class Refresher:
    """Keeps one project's ranking up to date; heavy libraries are loaded when there is something to do."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._seen: tuple[int, str, int, float] | None = None
        self._not_taken = False

    def tick(self) -> bool:
        """Do what is due, if anything; True if something was done."""
        with self.project.open() as con:
            now = self._mark(con)
            if not examples.total(con) or (now == self._seen and self._is_all_there(con)):
                return False
            self._take_snapshot(con)
            if self._embedding_due(con):
                return self._ask_for_embedding(con)
            from core.worker.learners import refresh  # torch comes with it, seconds that a waiting job need not pay

            make_dir(self.project.scores)  # somebody may have removed it whole
            refresh(self.project, con)
            self._seen = now
            if round_is_due(con, self.project.settings()):
                jobs.enqueue(con, "round", once=True)
            return True

    def _take_snapshot(self, con: Connection) -> None:
        """Once a day with labels; a disk without room for it is logged once and stops nothing else."""
        try:
            if snapshots.due_today(self.project.database, con):
                snapshots.take(self.project.database, snapshots.DAY)
        except HandfulError as error:
            if not self._not_taken:
                logger.warning("no snapshot of today: %s", error.title)
            self._not_taken = True

    def _embedding_due(self, con: Connection) -> bool:
        key = wanted_key(con, self.project.settings())
        if examples.total(con) > int(meta.get(con, "embedded", 0)) or meta.get(con, "space_key") != key:
            return True
        return not self._has_features(con)

    def _has_features(self, con: Connection) -> bool:
        """Whether the features in force are on the disk; somebody may have removed them to make room."""
        from core.vectors import VectorStore

        directory = self.project.embeddings / str(meta.get(con, "space"))
        try:
            dim = int(json.loads((directory / "space.json").read_text(encoding="utf-8"))["dim"])
        except (OSError, ValueError, KeyError):
            return False
        return VectorStore(directory, dim).count >= examples.total(con)

    def _is_all_there(self, con: Connection) -> bool:
        """Whether nobody has removed features, or the ranking made from them, since they were seen."""
        last = models.newest_ranking(con)
        ranked = last is None or (self.project.scores / last.directory / QUEUE).is_file()
        return ranked and self._has_features(con)

    def _ask_for_embedding(self, con: Connection) -> bool:
        """Queue the job `embed`, unless it waits, runs, or has failed for this very reason; True if it was queued.

        If what it has made is not there any more, it is queued again, but not for ever.
        """
        args = {"key": wanted_key(con, self.project.settings()), "texts": examples.total(con)}
        before = [job for job in jobs.recent(con) if job.kind == "embed"]
        if before and before[0].state in ("queued", "running", "interrupted"):
            return False
        same = [job.state for job in takewhile(lambda job: dict(job.args) == args, before)]
        if same and (same[0] != "done" or self._has_features(con) or len(same) > MADE_ANEW):
            return False
        jobs.enqueue(con, "embed", args, once=True)
        return True

    def _mark(self, con: Connection) -> tuple[int, str, int, float]:
        """Changes exactly when a new ranking could differ: decisions, encoder, pool or settings moved."""
        file = self.project.root / "handful.toml"
        return (
            labels.last_seq(con),
            f"{models.encoder_in_use(con)}/{meta.get(con, 'space')}",
            examples.total(con),
            file.stat().st_mtime if file.exists() else 0.0,
        )
