"""How copies of pictures are found, and how seldom others are: `python -m benchmarks.images`."""
