"""How any command runs: its errors, its files, its processes."""
