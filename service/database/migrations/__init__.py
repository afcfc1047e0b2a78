"""How the database came to be as it is, step by step; no step is ever changed."""
