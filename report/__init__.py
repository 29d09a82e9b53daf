"""Colophon's engine: plans and runs stages, binds their numbers to prose, renders PDF and HTML."""

FORKS = "COLOPHON_FORKS"  # the variable with a fork server's socket, as `descriptor:inode`
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # read when numpy and torch load
