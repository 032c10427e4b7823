"""Settings for instructors who work with nbgrader: its release equals ``make labs``, byte for byte.

nbgrader's own autograding runs tests inside the student's process and must not decide a score.
"""

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import preprocessors

c = get_config()  # nbgrader puts it there

c.CourseDirectory.course_id = "large-models"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "labs"
# Whatever else lies in a lab's folder would be released as it is.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "*.py", "*.md", "*.partial"]

c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your answer goes here")'}

c.ClearMetadataPreprocessor.enabled = True
c.ClearMetadataPreprocessor.preserve_nb_metadata_mask = {"kernelspec", ("language_info", "name")}
c.ClearMetadataPreprocessor.preserve_cell_metadata_mask = {"nbgrader", "tags", ("jupyter", "source_hidden")}
c.GenerateAssignment.preprocessors = [
    ClearMetadataPreprocessor,  # first: what an execution left behind must not reach the checksums
    preprocessors.LockCells,
    preprocessors.ClearSolutions,
    preprocessors.ClearOutput,
    preprocessors.CheckCellMetadata,
    preprocessors.ComputeChecksums,
    preprocessors.SaveCells,
    preprocessors.ClearHiddenTests,
    preprocessors.ComputeChecksums,
    preprocessors.CheckCellMetadata,
]
