"""Nothing: what a program costs that does not allocate."""

import harness

harness.run(lambda n: None, 1)
