"""The crash sweep: `cluster.up` is killed wherever it can be, run again, and has to end in the same cluster."""
