"""One file per task. What an answer is, how it is read, stored, suggested, compared and counted."""
