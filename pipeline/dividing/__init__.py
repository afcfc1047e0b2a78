"""Which photos belong together, and on which side each stands."""
