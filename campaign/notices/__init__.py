"""Mail to the people whom something concerns: which kinds of notices there are, the letter, and its sending."""
