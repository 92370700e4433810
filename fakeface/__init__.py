"""fakeface: a forensic tool that finds faces, decides whether each is forged, says how and where, and reports it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
