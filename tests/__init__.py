"""Tests of fakeface."""
