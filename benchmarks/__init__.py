"""Peers side by side, in one run on one machine. See `python -m benchmarks --help`; nothing here is a test.

One thread for everybody: the variables are set before any numerical library is loaded.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
