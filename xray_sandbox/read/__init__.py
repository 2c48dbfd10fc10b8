"""Readers of the formats that Xray imports, as its manual describes them."""
