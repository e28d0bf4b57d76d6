"""The demonstration: invented inventories with logs, orders and users. Nothing else imports it."""
