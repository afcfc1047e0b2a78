"""From a photo in a folder to rows of the database."""
