"""``python -m course_utils.grading grade LAB SUBMISSIONS`` grades a class; ``--help`` names the other commands.

Exit status: 0 every student has a score, 1 somebody has none or the record could not be written, 2 wrong usage,
3 the sandbox cannot start and nothing was graded, 130 interrupted.
"""

import sys

from course_utils.grading.commands import main

if __name__ == "__main__":
    sys.exit(main())
