"""What two or more stages need. Imports run one way: stages import common, never the reverse."""
