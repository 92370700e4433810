"""Networks: layers only, tensors in and tensors out. Nothing here knows pictures, files or settings."""
