"""A worker that does not put right what the one before it left: `python -m handful_ghostly_worker DIR`."""

import handful_test_worker

from core.store import jobs

if __name__ == "__main__":
    jobs.recover = lambda _con: []  # type: ignore[assignment]
    handful_test_worker.__spec__ = __spec__
    handful_test_worker.main()
