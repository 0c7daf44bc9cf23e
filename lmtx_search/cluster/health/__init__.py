"""The state of a cluster: its health, its disks, the user's permissions, what it holds."""
