"""Training: manifests, forgeries from real faces, and one flat loop per network."""
