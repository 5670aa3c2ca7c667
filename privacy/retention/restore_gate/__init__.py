"""The portal stays closed on a restored backup until its destructions are replayed."""
