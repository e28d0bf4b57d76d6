"""What people type about orders and output templates."""
