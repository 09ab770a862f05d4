"""A page on this computer over the rooms above, for those who have no terminal; or one for a department.

Every request goes through `guard`, which asks `door` who it is from. All that is kept lies in one folder; in it, each
user of a department has a folder.
"""
