"""Alexandria, a self-hosted research library."""

__version__ = "0.1.0"
