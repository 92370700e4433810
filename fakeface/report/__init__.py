"""Everything a reader sees of a run: the record, and console, tables, overlays and PDF as views of it."""
