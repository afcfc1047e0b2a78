"""What a person runs: `digits check`, `measure`, `compare` and so on."""
