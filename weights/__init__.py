"""Profiles and weights (data only)."""
