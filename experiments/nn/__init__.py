"""Networks: how they are built, run and trained."""
