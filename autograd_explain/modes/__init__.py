"""Sweeps over the tape. No sweep knows an operation by name."""
