"""The model of the first day: trained on drawn photos alone, by `dvc repro base/dvc.yaml`."""
