"""Grading: submissions in, answers run in a sandbox and judged outside it, grades, pages and forms out.

``python -m course_utils.grading grade LAB SUBMISSIONS`` is the whole of it for an instructor.
"""
