"""How each task is answered on screen: one file per task, found through the entry-point group `GROUP`.

The label screen and all others know the protocol in `base` only.
"""

GROUP = "handful.answering"
