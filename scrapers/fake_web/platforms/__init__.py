"""How each platform's websites answer: one module per platform, with `answer`, `read` and `path_of`."""
