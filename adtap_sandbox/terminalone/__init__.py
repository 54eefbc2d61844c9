"""The TerminalOne room: both generations of MediaMath's API over one agency's data."""
