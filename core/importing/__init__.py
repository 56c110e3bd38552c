"""Files become texts of a project: `importer.import_file` is the way in.

`lines` decodes, `delimited`, `jsonl` and `plain` each read one format, `readers` finds the right one, `columns` finds
the text, `answers` checks what a label column says. Nothing here holds more of a file in memory than one batch.
"""
