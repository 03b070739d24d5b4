"""What other programs are set up to do, taken over."""
