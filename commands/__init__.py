"""The commands of fakeface: options in, request out, results written. Nothing imports this package."""
