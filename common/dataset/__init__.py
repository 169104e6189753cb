"""What 06 makes a dataset with: the rules of quality, duplicates, splits, statistics and the card."""
