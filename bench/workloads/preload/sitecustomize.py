"""What memray has loaded before it traces a script, loaded before we do.

With this on PYTHONPATH an interpreter is in the state in which memray's own
is when its recording begins: the script's imports find the same modules
loaded, and the script's objects the same room in the arenas of pymalloc.
"""

import runpy  # noqa: F401

from memray import commands

commands.get_argument_parser()
