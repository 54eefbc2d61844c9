"""The tap for MediaMath TerminalOne, both generations of its API."""
