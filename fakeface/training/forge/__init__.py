"""Forgeries made from real faces, with exact masks."""
