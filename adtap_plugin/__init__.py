"""What taps and loaders of this project share at their edge: settings from variables, secrets out of logs, scripts."""
