"""What stage 06 makes a dataset with: fingerprints and duplicates, splits, statistics, the card, and the files in several formats."""
