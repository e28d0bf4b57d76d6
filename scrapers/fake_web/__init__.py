"""The fake dealer web: the websites of 40 dealerships on one port, for tests and for trying the scrapers out.

It is written from what is known about the websites' platforms and shares no code with the adapters, so that a wrong
adapter or a wrong configuration shows.
"""
