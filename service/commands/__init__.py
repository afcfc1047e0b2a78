"""The commands of `digits` that need a database."""
