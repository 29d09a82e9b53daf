"""The report's experiments: one file a stage, one package a chapter, and what they share."""
