"""``python -m xray_bridge``."""

import sys

from xray_bridge.cli import main


if __name__ == "__main__":
    sys.exit(main())
