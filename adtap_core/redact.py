"""Secrets out of messages: `adtap_plugin.redact`, under the name by which taps know it (they import the core alone)."""

from adtap_plugin.redact import MASK, Redactor, guard_logging, learn_settings, on_one_line, redact

__all__ = ["MASK", "Redactor", "guard_logging", "learn_settings", "on_one_line", "redact"]
