"""From counters to a label with a reason; pure."""
