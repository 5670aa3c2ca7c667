"""Make a migrated portal in a folder, of which benchmarks begin on a copy: ``stage.py FOLDER``."""

import sys
from pathlib import Path

from harness import embedded_database

if __name__ == "__main__":
    with embedded_database(folder=Path(sys.argv[1])):
        pass
