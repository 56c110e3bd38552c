"""One of several people at work: answers what the desk brings, and tells of each answer once it is committed."""

import os
import sys
from pathlib import Path

from core import clock
from tui.desk import Desk
from tui.session import Session


def main() -> None:
    root, name, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    Session.wake = lambda _session: None  # type: ignore[method-assign]  # nobody learns here
    with Session.at(root, name) as session:
        desk = Desk(session)
        os.write(1, b"ready\n")
        sys.stdin.read()
        desk.start()
        done = 0
        while desk.shown is not None and done < most:
            example_id = desk.shown.example.id
            desk.give(("refund", "login", "speed")[example_id % 3], 0.1)
            os.write(1, b"%d\n" % example_id)
            done += 1
            clock.sleep(0.002)  # a person thinks; without it, one of them answers everything before the others look


if __name__ == "__main__":
    main()
