"""Measuring a profile on faces whose truth is known, through the same route that examines evidence."""
