"""Measurements against what a usual program would do; each names its peer and runs it in the same rounds."""
