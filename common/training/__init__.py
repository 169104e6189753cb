"""The parts of training: the loss over answers, checkpoints, sharding, the run's folder."""
