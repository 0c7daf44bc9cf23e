"""The state of a cluster: its health, disks and contents, and the user's permissions."""
