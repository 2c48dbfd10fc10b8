"""The pytest plugin of xray-bridge; its hooks are in ``plugin``."""
