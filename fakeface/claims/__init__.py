"""What a text says of the parts of a face, held against the picture.

``terms`` are the artifacts that can be said, ``words`` their wordings, ``limits`` the range of real faces, ``scene`` a
face on its picture with its measurements.
"""
