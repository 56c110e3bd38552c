"""Between the app and the terminal: what may come in as a key, what may go out, and how it ends."""
