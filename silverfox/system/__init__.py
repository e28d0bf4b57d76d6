"""Whether the installation works and its data is whole: what commands, pages and fault tests ask."""
