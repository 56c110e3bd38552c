"""A worker of an older version."""

import handful_test_worker

from core.worker import lock

if __name__ == "__main__":
    vars(lock)["__version__"] = "0.0.1"
    handful_test_worker.main()
