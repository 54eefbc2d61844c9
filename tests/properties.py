"""How property tests run here."""

from hypothesis import settings

# No deadline: how long one example takes says nothing on a machine that runs other things too.
# The blob lets a failure that CI found be repeated elsewhere.
settings.register_profile("adtaps", deadline=None, print_blob=True)
settings.load_profile("adtaps")
