"""The demonstration: invented inventories with logs, orders and users. Only commands use it."""
