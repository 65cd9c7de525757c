"""What the library does: each service is given a session and Protocols, and never commits."""
