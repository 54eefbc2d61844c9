"""tap-openx: the Platform API and both reporting APIs of OpenX."""
