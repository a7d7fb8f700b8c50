"""The guide page, the API and sign-in."""
