"""Chapter 2: what networks look at, how they are fooled, and what their classes look like."""
