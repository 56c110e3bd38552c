"""How labelled texts are written down, one format a file; found through the entry-point group `handful.formats`."""
