"""XML formats, one module for each."""
