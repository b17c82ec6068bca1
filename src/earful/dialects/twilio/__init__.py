"""Twilio Media Streams: a phone call's audio into a live conversation (`/v1/twilio`)."""
