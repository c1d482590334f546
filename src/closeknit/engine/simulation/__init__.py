"""What happens, event by event, when a plan meets a day."""
