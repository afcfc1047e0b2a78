"""The pages: each one HTML file that needs no network and speaks its reader's language."""
