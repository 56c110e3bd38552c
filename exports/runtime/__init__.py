"""What answers with a bundle, wherever it runs: Python 3.11, onnxruntime, tokenizers and numpy, nothing else.

These modules and `exports.predict` are joined into the one predict.py that ships in every bundle (`exports.program`).
They import each other by `from exports.runtime.x import y` alone, and no two of them use one name for two things.
"""
