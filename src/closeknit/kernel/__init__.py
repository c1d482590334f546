"""What every room needs and no room owns: ids, actor, clock, errors, events and outbox, jobs, the database manager."""
