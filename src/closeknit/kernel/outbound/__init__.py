"""What leaves the deployment: signed webhooks and mail, to addresses that were checked before the connection."""
