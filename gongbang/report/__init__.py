"""The report of a run: one HTML file with pictures, made from its record alone; needs no network to be read."""
