"""fakeface.report"""
