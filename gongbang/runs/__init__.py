"""The records of runs, read again: listed, shown, compared, reported; and the journal of them all."""
