"""Singer tap for Pixelyard."""
