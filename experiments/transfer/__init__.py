"""Chapter 1, transfer learning: features of trained networks, classified by linear machines."""
