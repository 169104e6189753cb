"""The dataset that stage 06 makes: fingerprints and duplicates, splits, statistics, the card, and the files in several formats."""
