"""quota - how much mail each sender may send: counters, limits, and the answers to Postfix."""
