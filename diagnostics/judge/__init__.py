"""The verdict, and checks with a light each."""
