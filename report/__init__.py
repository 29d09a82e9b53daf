"""Colophon's engine: plans and runs stages, binds their numbers to prose, renders PDF and HTML."""

FORKS = "COLOPHON_FORKS"  # the variable with a fork server's socket, as `descriptor:inode`
