"""The plant's database: its tables, how it is opened, and how it came to be as it is."""

import logging

# It tells of each of its parts as it is loaded.
logging.getLogger("alembic").setLevel(logging.WARNING)
