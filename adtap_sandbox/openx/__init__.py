"""The OpenX room: legacy sign-on, Data Service and Platform API, and the current OAuth 2 stack.

Both generations answer from one store, so the same question gives the same numbers on either.
"""
