"""What data sets and published systems write, read into one form: folder layouts, annotated manifests, border files.

``layouts`` turns the folders of public data sets into the rows that ``train prepare`` takes; ``annotated`` is the
internal manifest with masks and texts; ``convert`` names the files of other systems that it can be read
from and written to.
"""
