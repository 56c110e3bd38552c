"""Serve a bundle over HTTP: Starlette and uvicorn around `exports.runtime`, without torch (the extra `serve`).

`options.py` says what can be set; `__main__.py` runs `running.py`, which binds the port, loads the model (`model.py`)
and gives the application (`app.py`) to uvicorn. A request is read and checked (`asking.py`), waits until the model is
free and shares its batch with others (`batching.py`); what happened is counted (`metrics.py`), never what was said.
"""
