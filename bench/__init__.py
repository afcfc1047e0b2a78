"""Speed against baselines, each measured in the same run."""
