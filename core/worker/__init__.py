"""The background process of a project: one at a time, detached; it runs jobs and keeps the queue fresh."""
