"""metrics - figures about the daemon for Prometheus and whoever reads its format; knows nothing of the daemon."""
