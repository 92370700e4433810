"""``python -m fakeface.commands``: the same as the ``fakeface`` script."""

from .runtime import main

if __name__ == "__main__":  # the decoder's child process imports this module again
    main()
