"""From a resource to its index rows. What a key or a number in them means is known here and nowhere else."""
