"""From photos in a folder to weights in the plant's database, and doubtful ones before a person.

It uses the reader of `pipeline`, which knows nothing of it; its packages come with `.[service]`.
"""
