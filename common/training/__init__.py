"""What 07 trains with: the loss over answers, checkpoints, sharding, the run's folder."""
