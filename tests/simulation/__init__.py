"""Sessions that are killed, and a server that lies: what arrives, and how often."""
