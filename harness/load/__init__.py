"""Fires launches at a webserver at intended times, with Locust as a process of its own."""
