"""Writes the schema that `handful verify` checks, as a file for other validators.

usage: python -P tests/bundle_schema.py docs/bundle.schema.json
"""

import json
import sys
from pathlib import Path

from exports.runtime.schema import SCHEMA

HEAD = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "handful.json, format 1"}

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps({**HEAD, **SCHEMA}, indent=1) + "\n", encoding="utf-8")
