"""Chapter 3, domain adaptation: from MNIST to MNIST-M without a label of the latter."""
