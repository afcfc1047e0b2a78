"""The guidebook's experiments on this project's data: `dvc repro studies/dvc.yaml`."""
