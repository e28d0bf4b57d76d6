"""The pages of orders, dealerships and the VIN log."""
