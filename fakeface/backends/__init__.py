"""fakeface.backends"""
