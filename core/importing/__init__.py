"""Files become texts of a project: `importer.import_file` is the way in.

A file passes through `formats` (which one it is), most through `lines` (decoding), then `delimited`, `jsonl`, `plain`
and the other formats, each a file here, `columns` (which one holds the text), `sorting` and `answers` (which rows can
be stored), and `core.store.imports`.
`lock` lets one import at a time into a project, `pace` makes room for labelling. `labels_file` reads lists of classes.
Nothing here holds more of a file in memory than one batch, but for JSON that comes column by column.
"""
