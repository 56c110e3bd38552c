"""Texts from production, read by the bundle that answers them: have they changed, and which should be labelled next?

Run as a child of the command line (`exports.child`), for it needs onnxruntime: `reading.py` reads texts, `looking.py`
knows how each kind of bundle looks at them, `bringing.py` chooses those that come into the pool.
"""
