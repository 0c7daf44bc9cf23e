"""Examines everything the product needs, and changes nothing of it."""
