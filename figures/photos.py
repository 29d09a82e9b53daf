"""Chapter 1: photos."""
def draw(inputs, outputs): pass
