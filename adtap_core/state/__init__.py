"""What is remembered between runs: bookmarks, and how they are kept short, checked, split and merged."""
