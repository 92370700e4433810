"""fakeface.networks"""
