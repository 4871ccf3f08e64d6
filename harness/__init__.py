"""Ask several language models the same thing, and know how far the answer can be trusted."""
