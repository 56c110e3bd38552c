"""All reading and writing of a project's database, by subject. With `schema` and `connection` the only SQL there is.

Functions take an open connection; those that change something run in one transaction of their own unless they say
that the caller brings it.
"""
