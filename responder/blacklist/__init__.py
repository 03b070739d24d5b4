"""blacklist - who is listed, why, since when and until when; fed by hosts and people, exported to everybody else."""
