"""Pascal VOC annotations: read, checked, and put into reading order."""
