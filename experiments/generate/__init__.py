"""Chapter 4, generation: adversarial networks that draw digits, and what their pictures are worth."""
