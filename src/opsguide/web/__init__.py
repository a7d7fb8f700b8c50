"""The guide as a page: its statements with what is known of each, the API, live changes, and sign-in."""
