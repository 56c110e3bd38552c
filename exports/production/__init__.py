"""Texts from production, read by the bundle that answers them: have they changed, and which should be labelled next?

Run as a child of the command line (`exports.child`), for it needs onnxruntime: `reading.py` reads texts, `drifting.py`
compares them with the pool, `bringing.py` chooses those that come into the pool.
"""
