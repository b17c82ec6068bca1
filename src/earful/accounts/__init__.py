"""Applications, their secrets, access tokens and API keys."""
