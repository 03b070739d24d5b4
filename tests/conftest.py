"""What all tests share: how hypothesis works here."""

from hypothesis import settings

# No test may depend on the clock, and a busy machine is no fault of the code.
settings.register_profile("responder", deadline=None, print_blob=True)
settings.load_profile("responder")
